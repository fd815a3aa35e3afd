"""The report as PDF/A for printing: typeset by Typst, signed as PAdES if there are keys.

ISO 19005-3, https://www.iso.org/standard/57229.html; ETSI EN 319 142-1, https://www.etsi.org.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from datetime import datetime
from importlib import resources
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from artaudit.auditor.evidence.html import headline, plain, views
from artaudit.auditor.evidence.pdf_signature import sign_pdf
from artaudit.auditor.signing.seals import Seal
from artaudit.errors import MissingExtraError, PackageError
from artaudit.templates import moment

STANDARD = "a-3b"


def render_pdf(record: Mapping[str, Any], files: Mapping[str, bytes], seal: Seal | None = None) -> bytes:
    """Return the report of a record, whose pictures `files` holds by name, as PDF/A-3b.

    Without a signature, the same record gives the same bytes. Raises MissingExtraError without the extra `pdf`,
    PackageError when a text holds characters that no installed font has.
    """
    unsigned = _typeset(_laid_out(record), files)
    return sign_pdf(unsigned, seal) if seal and seal.signer else unsigned


def typesetter() -> str:
    """Return the version of Typst that sets reports, "" without the extra."""
    try:
        return version("typst")
    except PackageNotFoundError:
        return ""


def _typeset(record: Mapping[str, Any], files: Mapping[str, bytes]) -> bytes:
    try:
        import typst  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingExtraError("pdf", "A report as PDF") from error
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for picture in _pictures(record):
            (folder / picture).parent.mkdir(parents=True, exist_ok=True)
            (folder / picture).write_bytes(files[picture])
        (folder / "record.json").write_text(json.dumps(record), "utf-8")
        written = datetime.fromisoformat(record["exported"]["at"]).replace(microsecond=0)
        source = (resources.files(__package__) / "templates" / "report.typ").read_bytes()
        (folder / "report.typ").write_bytes(source)
        options: dict[str, Any] = {"root": folder, "format": "pdf", "pdf_standards": STANDARD, "timestamp": written}
        try:
            return typst.compile(folder / "report.typ", **options)
        except typst.TypstError as error:
            raise PackageError(
                f"The report cannot be set as PDF ({error.message}): install fonts that have it, or leave --pdf out."
            ) from error


def _laid_out(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with the texts that the template of the PDF shows, under "words"."""
    checks = views(record)
    signed = record["seal"]["signer"]
    stamps = ", ".join(record["seal"]["timestamps"])
    written = f"Written {moment(record['exported']['at'])} by {record['exported']['by']}, " + (
        f"signed by {signed['subject']}, " if signed else "not signed, "
    )
    words = {
        "title": f"Evidence report, case {record['case']['id']}",
        "kicker": f"Evidence report · case {record['case']['id']} {record['case']['title']}".rstrip(),
        "headline": headline(checks),
        "written": written + (f"timestamped by {stamps}." if stamps else "not timestamped."),
    }
    return {**record, "words": words, "checks": [{**check, "words": _words(check)} for check in checks]}


def _words(check: Mapping[str, Any]) -> dict[str, Any]:
    evidence = check["evidence"]
    return {
        "heading": f"The picture of check {check['id']}",
        "preview": check["suspect"]["files"][-1]["file"],
        "kind": f"{evidence['format']}, {evidence['width']} x {evidence['height']} pixels",
        "checked": f"{moment(evidence['checked_at'])} by this computer's clock",
        "compared": f"{evidence['compared_with']} registered works",
        "summary": check["summary"],
        "weighed": _weighed(check["weighed"]),
        "environment": ", ".join(f"{name} {version}" for name, version in evidence["environment"].items()),
        "findings": [
            {
                "mark": finding["mark"][1],
                "claim": finding["claim"],
                "method": finding["method"],
                "measured": _measured(finding),
                "pictures": finding["pictures"],
            }
            for finding in check["findings"]
        ],
    }


def _weighed(assessment: Mapping[str, Any] | None) -> list[list[str]]:
    """Return (name, how it counts) of each group of evidence; empty for checks of editions that did not weigh."""
    if assessment is None:
        return []
    ratios = [group["log10_likelihood_ratio"] for group in assessment["groups"]]
    rows = [
        [group["name"], group["counts"] + ("" if ratio is None else f"; it adds {ratio:+.2f}")]
        for group, ratio in zip(assessment["groups"], ratios, strict=True)
    ]
    total = assessment["log10_likelihood_ratio"]
    return rows if total is None else [*rows, ["together", f"{assessment['support']} ({total:+.2f})"]]


def _measured(finding: Mapping[str, Any]) -> str:
    alarms = finding["false_alarms"]
    rate = f"{alarms['count']} of {alarms['trials']} {alarms['population']}" if alarms else "never measured"
    score = "nothing" if finding["score"] is None else f"{finding['score']:g} {finding['unit']}"
    threshold = "" if finding["threshold"] is None else f" (bar {finding['threshold']:g})"
    details = "; ".join(f"{name.replace('_', ' ')}: {plain(value)}" for name, value in finding["shown"].items())
    return f"measured: {score}{threshold}; false alarms: {rate}" + (f"; {details}" if details else "")


def _pictures(record: Mapping[str, Any]) -> set[str]:
    previews = {check["words"]["preview"] for check in record["checks"]}
    return previews | {
        picture["file"]
        for check in record["checks"]
        for finding in check["words"]["findings"]
        for picture in finding["pictures"]
    }
