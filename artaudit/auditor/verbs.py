"""What a person can ask for, as straight lines: register and check; `cloaking` protects, `reporting` reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from artaudit.auditor.enrolment import enrol, enrol_all
from artaudit.auditor.examiners import examiners
from artaudit.auditor.registry import Registry, Work
from artaudit.auditor.verdict import summary
from artaudit.auditor.weighing import assess, spared
from artaudit.evidence import Evidence, Finding
from artaudit.image import Image, read
from artaudit.protect.receipt import environment
from artaudit.protocols import Examiner


def register(path: Path, registry: Registry, title: str | None = None) -> tuple[Work, bool]:
    """Add the picture at `path` to the portfolio; False when these bytes were there already."""
    return enrol(registry, read(path), title=title or path.stem)


def register_all(
    paths: Sequence[Path], registry: Registry, title: str | None = None
) -> Iterator[Callable[[], tuple[Work, bool]]]:
    """Add pictures to the portfolio, worked out a few ahead; yield for each what adds it, as `register` does."""
    return enrol_all(registry, paths, title)


def check(path: Path, registry: Registry, look: Sequence[Examiner] | None = None) -> tuple[int, Evidence]:
    """Examine the picture at `path` and keep the evidence; return the number of its case and the evidence."""
    return examine(read(path), registry, look)


def examine(
    image: Image,
    registry: Registry,
    look: Sequence[Examiner] | None = None,
    source: Mapping[str, str] | None = None,
) -> tuple[int, Evidence]:
    """Examine a picture and keep the evidence, with what is said of where its file came from; return both."""
    look = examiners(registry) if look is None else look
    findings = spared([finding for examiner in look for finding in examiner.examine(image)])
    compared_with = registry.count()
    weighed = assess(findings, compared_with)
    said = summary(findings, weighed, compared_with)
    evidence = Evidence(
        path=image.name,
        sha256=image.sha256,
        pixels_sha256=image.pixels_sha256,
        width=image.width,
        height=image.height,
        format=image.format,
        checked_at=datetime.now(UTC).isoformat(timespec="seconds"),
        compared_with=compared_with,
        verdict=" ".join(said),
        findings=findings,
        notes=(*image.notes, *_credentials(findings, registry)),
        environment=environment(),
        summary=said,
        assessment=weighed,
        source=dict(source or {}),
    )
    return registry.add_case(evidence.as_dict(), image.data), evidence


def _credentials(findings: Sequence[Finding], registry: Registry) -> list[str]:
    """Say which of the shown works have a content credential in the registry: copies lose theirs, it is kept here."""
    shown = sorted({one.work for one in findings if one.work is not None and one.holds})
    kept = [(number, registry.manifests(number)) for number in shown]
    return [
        f"work {number} was signed on {manifests[-1].at[:10]} by {manifests[-1].by}: its content credential is kept "
        f"with it (`audit works credential {number}`), whether or not this file carries one"
        for number, manifests in kept
        if manifests
    ]
