"""The report for people: one self-contained page without scripts, made from the record and the files it names."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from artaudit.templates import template

MARKS = {True: ("✔", "yes"), False: ("—", "no"), None: ("?", "cannot tell")}
HIDDEN = ("confirmation", "crops", "raw", "title", "weight")
"""Details of a finding that are shown elsewhere on the page or only in the record."""


def render(record: Mapping[str, Any], files: Mapping[str, bytes], record_sha256: str) -> bytes:
    """Return the page of a record; `files` holds the pictures that the record names, by name.

    `record_sha256` is the digest of report.json, which the page names. Nothing else goes into the page, so that
    it can be made again to see whether it was changed; the record must be as report.json gives it, keys in order.
    """
    checks = views(record)
    page = template(__package__, "report.html", escaped=True)
    text = page.render(
        record=record,
        checks=checks,
        headline=headline(checks),
        inventory=[*record["documents"], *(one for part in _parts(record) for one in part["files"])],
        record_sha256=record_sha256,
        plain=plain,
        picture=lambda name: _as_uri(files[name]),
    )
    return text.encode(errors="backslashreplace")


def views(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the checks with their findings, these with the works and pictures they refer to."""
    works = {work["id"]: work for work in record["works"]}
    pictures: dict[tuple[Any, Any], list[dict[str, Any]]] = {}
    for one in record["pictures"]:
        shown = {"file": one["files"][0]["file"], "caption": one["caption"]}
        pictures.setdefault((one["check"], one["finding"]), []).append(shown)
    return [
        {
            **check,
            "summary": check["evidence"].get("summary") or [check["evidence"]["verdict"]],
            "weighed": check["evidence"].get("assessment"),
            "findings": [
                {
                    **finding,
                    "mark": MARKS[finding["holds"]],
                    "pictures": pictures.get((check["id"], number), []),
                    "registered": works.get(finding["work"]),
                    "shown": {key: value for key, value in finding["details"].items() if key not in HIDDEN},
                    "weight": finding["details"].get("weight", ""),
                }
                for number, finding in enumerate(check["evidence"]["findings"])
            ],
        }
        for check in record["checks"]
    ]


def _parts(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [*(check["suspect"] for check in record["checks"]), *record["works"], *record["pictures"]]


def headline(checks: list[dict[str, Any]]) -> str:
    """Say what all findings come to."""
    findings = [finding for check in checks for finding in check["findings"]]
    held = [finding for finding in findings if finding["holds"]]
    if any(finding["work"] is not None for finding in held):
        return "A registered work was found"
    if held:
        return "Something was found"
    return "Nothing was found" if all(finding["holds"] is False for finding in findings) else "A person must look"


def plain(value: object) -> str:
    """Show a JSON value to people: a line for each of several things, what belongs to one of its facts in brackets."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value in ([], {}):
        return "none"
    if isinstance(value, dict):
        return f"({', '.join(_facts(value))})"
    if isinstance(value, list) and all(isinstance(one, dict) for one in value):
        return "\n".join("; ".join(_facts(one)) for one in value)
    return ", ".join(map(plain, value)) if isinstance(value, list) else json.dumps(value)


def _facts(value: Mapping[str, Any]) -> list[str]:
    return [f"{name.replace('_', ' ')} {plain(said)}" for name, said in value.items()]


def _as_uri(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
