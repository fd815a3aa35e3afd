"""The report for people: one self-contained page without scripts, made from the record."""

from __future__ import annotations

import base64
from importlib import resources

import jinja2

from artaudit.auditor.evidence.casefile import CaseFile

MARKS = {True: ("yes", "✔"), False: ("no", "—"), None: ("cannot tell", "?")}
HIDDEN = ("confirmation", "raw", "weight")
"""Details of a finding that are shown elsewhere on the page or only in the record."""


def render(case: CaseFile, record_sha256: str) -> bytes:
    """Return the page; `record_sha256` is the digest of report.json, which the page names."""
    source = (resources.files(__package__) / "templates" / "report.html").read_text("utf-8")
    page = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    page.filters["picture"] = _as_uri
    works = {work.id: work for work in case.works}
    overlays = {overlay.finding: overlay for overlay in case.overlays}
    findings = [
        {
            **finding,
            "mark": MARKS[finding["holds"]],
            "overlay": overlays.get(number),
            "registered": works.get(finding["work"]),
            "shown": {key: value for key, value in finding["details"].items() if key not in HIDDEN},
        }
        for number, finding in enumerate(case.evidence["findings"])
    ]
    text = page.from_string(source).render(
        case=case, evidence=case.evidence, findings=findings, record_sha256=record_sha256, report=case.report()
    )
    return text.encode()


def _as_uri(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
