"""Check: every examiner looks at a picture, what they find is weighed, worded and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from artaudit.auditor.assessment.sentences import summary
from artaudit.auditor.assessment.weighing import assess, spared
from artaudit.auditor.examiners import examiners, findings_of
from artaudit.auditor.registry import Registry
from artaudit.findings import Evidence, Finding
from artaudit.image import Image, read
from artaudit.protect.receipt import environment
from artaudit.protocols import Examiner


def check(
    picture: Image | Path | str, registry: Registry, look: Sequence[Examiner] | None = None
) -> tuple[int, Evidence]:
    """Examine a picture or the one at a path and keep the evidence; return the number of its case and the evidence.

    `look` are those who look at it, by default all of the catalog. Raises ImageError for what is no sound picture.
    """
    return examine(picture if isinstance(picture, Image) else read(picture), registry, look)


def examine(
    image: Image,
    registry: Registry,
    look: Sequence[Examiner] | None = None,
    source: Mapping[str, str] | None = None,
) -> tuple[int, Evidence]:
    """Examine a picture and keep the evidence, with what is said of where its file came from; return both."""
    look = examiners(registry) if look is None else look
    findings = spared(tuple(findings_of(image, look)))
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
