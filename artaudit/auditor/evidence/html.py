"""The report for people: one self-contained page without scripts, made from the record and the files it names."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import jinja2

from artaudit.auditor.evidence.casefile import sha256

MARKS = {True: ("✔", "yes"), False: ("—", "no"), None: ("?", "cannot tell")}
HIDDEN = ("confirmation", "raw", "title", "weight")
"""Details of a finding that are shown elsewhere on the page or only in the record."""


@cache
def edition() -> str:
    """Return the digest of what makes the page: two editions may word the same record differently."""
    here = resources.files(__package__)
    return sha256((here / "templates" / "report.html").read_bytes() + (here / "html.py").read_bytes())


def render(record: Mapping[str, Any], files: Mapping[str, bytes], record_sha256: str) -> bytes:
    """Return the page of a record; `files` holds the pictures that the record names, by name.

    `record_sha256` is the digest of report.json, which the page names. Nothing else goes into the page, so that
    it can be made again to see whether it was changed; the record must be as report.json gives it, keys in order.
    """
    findings = _findings(record)
    text = _template().render(
        record=record,
        evidence=record["evidence"],
        findings=findings,
        headline=_headline(findings),
        inventory=[one for part in _parts(record) for one in part["files"]],
        record_sha256=record_sha256,
        picture=lambda name: _as_uri(files[name]),
    )
    return text.encode(errors="backslashreplace")


@cache
def _template() -> jinja2.Template:
    source = (resources.files(__package__) / "templates" / "report.html").read_text("utf-8")
    page = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    page.filters |= {"moment": _moment, "plain": _plain}
    return page.from_string(source)


def _findings(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the findings with the works and pictures they refer to."""
    works = {work["id"]: work for work in record["works"]}
    overlays = {overlay["finding"]: overlay["files"][0]["file"] for overlay in record["overlays"]}
    return [
        {
            **finding,
            "mark": MARKS[finding["holds"]],
            "overlay": overlays.get(number),
            "registered": works.get(finding["work"]),
            "shown": {key: value for key, value in finding["details"].items() if key not in HIDDEN},
            "weight": finding["details"].get("weight", ""),
        }
        for number, finding in enumerate(record["evidence"]["findings"])
    ]


def _parts(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [record["suspect"], *record["works"], *record["overlays"]]


def _headline(findings: list[dict[str, Any]]) -> str:
    held = [finding for finding in findings if finding["holds"]]
    if any(finding["work"] is not None for finding in held):
        return "A registered work was found"
    if held:
        return "Something was found"
    return "Nothing was found" if all(finding["holds"] is False for finding in findings) else "A person must look"


def _moment(text: str) -> str:
    """Show an ISO 8601 time in UTC to the second."""
    return f"{text[:19].replace('T', ' ')} UTC"


def _plain(value: object) -> str:
    """Show a JSON value to people."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    return json.dumps(value, ensure_ascii=False)


def _as_uri(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
