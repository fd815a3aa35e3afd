"""The report as one self-contained HTML page without scripts, rendered from the record and the files it names."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from artaudit.templates import template

MARKS = {True: ("✔", "yes"), False: ("—", "no"), None: ("?", "cannot tell")}
HIDDEN = ("confirmation", "crops", "raw", "title", "weight")
"""Details of a finding that its list leaves out: they stand elsewhere on the page or in the record alone."""


def render(record: Mapping[str, Any], files: Mapping[str, bytes], record_sha256: str) -> bytes:
    """Return the page of a record; `files` holds the pictures that the record names, by name.

    `record_sha256` is the digest of report.json, which the page names. The page depends on nothing else, so that
    verification can render it again and compare; the record must be as read from report.json, keys in order.
    """
    checks = views(record)
    page = template(__package__, "report.html", escaped=True)
    text = page.render(
        record=record,
        checks=checks,
        headline=headline(checks),
        inventory=[*record["documents"], *(entry for part in _parts(record) for entry in part["files"])],
        record_sha256=record_sha256,
        plain=plain,
        picture=lambda name: _as_uri(files[name]),
    )
    return text.encode(errors="backslashreplace")


def views(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the checks of a record; each finding also has its mark, its work, its pictures and the details to show."""
    works = {work["id"]: work for work in record["works"]}
    pictures: dict[tuple[Any, Any], list[dict[str, Any]]] = {}
    for picture in record["pictures"]:
        figure = {"file": picture["files"][0]["file"], "caption": picture["caption"]}
        pictures.setdefault((picture["check"], picture["finding"]), []).append(figure)
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
    suspects = (check["suspect"] for check in record["checks"])
    return [*suspects, *record["works"], *record["pictures"], *record["log"].get("stamps", ())]


def headline(checks: list[dict[str, Any]]) -> str:
    """Return the headline for all findings of these checks."""
    findings = [finding for check in checks for finding in check["findings"]]
    held = [finding for finding in findings if finding["holds"]]
    if any(finding["work"] is not None for finding in held):
        return "A registered work was found"
    if held:
        return "Something was found"
    return "Nothing was found" if all(finding["holds"] is False for finding in findings) else "A person must look"


def plain(value: object) -> str:
    """Return a JSON value as text for people: a line for each object of a list, nested objects in brackets."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value in ([], {}):
        return "none"
    if isinstance(value, dict):
        return f"({', '.join(_facts(value))})"
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return "\n".join("; ".join(_facts(item)) for item in value)
    return ", ".join(map(plain, value)) if isinstance(value, list) else json.dumps(value)


def _facts(value: Mapping[str, Any]) -> list[str]:
    return [f"{name.replace('_', ' ')} {plain(item)}" for name, item in value.items()]


def _as_uri(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
