"""What a person can ask for, as straight lines: register and check; `cloaking` protects, `reporting` reports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from artaudit.auditor.enrolment import enrol
from artaudit.auditor.examiners import examiners
from artaudit.auditor.registry import Registry, Work
from artaudit.auditor.verdict import verdict
from artaudit.evidence import Evidence
from artaudit.image import read
from artaudit.protect.receipt import environment
from artaudit.protocols import Examiner


def register(path: Path, registry: Registry, title: str | None = None) -> tuple[Work, bool]:
    """Add the picture at `path` to the portfolio; False when these bytes were there already."""
    return enrol(registry, read(path), title=title or path.stem)


def check(path: Path, registry: Registry, look: Sequence[Examiner] | None = None) -> tuple[int, Evidence]:
    """Examine the picture at `path` and keep the evidence; return the number of its case and the evidence."""
    image = read(path)
    look = examiners(registry) if look is None else look
    findings = tuple(finding for examiner in look for finding in examiner.examine(image))
    compared_with = len(registry.works())
    evidence = Evidence(
        path=str(path),
        sha256=image.sha256,
        pixels_sha256=image.pixels_sha256,
        width=image.width,
        height=image.height,
        format=image.format,
        checked_at=datetime.now(UTC).isoformat(timespec="seconds"),
        compared_with=compared_with,
        verdict=verdict(findings, compared_with),
        findings=findings,
        notes=image.notes,
        environment=environment(),
    )
    return registry.add_case(evidence.as_dict(), image.data), evidence
