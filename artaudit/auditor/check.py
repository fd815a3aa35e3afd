"""Check: all examiners look at a picture; their findings are weighed, put into sentences and kept as a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from artaudit.auditor.assessment.sentences import summary
from artaudit.auditor.assessment.weighing import assess, withhold_accusations
from artaudit.auditor.examiners import examiners, findings_of, packages
from artaudit.auditor.registry import Registry
from artaudit.environment import environment
from artaudit.examination import Examiner
from artaudit.findings import Evidence, Finding
from artaudit.image import Image, read


def check(
    picture: Image | Path | str, registry: Registry, look: Sequence[Examiner] | None = None
) -> tuple[int, Evidence]:
    """Examine a picture, or the file at a path, and keep the evidence; return the number of its case and the evidence.

    `look` are the examiners to ask [default: all of the catalog]. Raises ImageError for a file that is no picture.
    """
    return examine(picture if isinstance(picture, Image) else read(picture), registry, look)


def examine(
    image: Image,
    registry: Registry,
    look: Sequence[Examiner] | None = None,
    source: Mapping[str, str] | None = None,
) -> tuple[int, Evidence]:
    """Examine a picture, whose file comes from `source`, and keep the evidence; return case number and evidence."""
    evidence = evidence_about(image, registry, look, source)
    return registry.add_case(evidence.as_dict(), image.data), evidence


def evidence_about(
    image: Image,
    registry: Registry,
    look: Sequence[Examiner] | None = None,
    source: Mapping[str, str] | None = None,
) -> Evidence:
    """Examine a picture as `examine` does, and keep nothing."""
    look = examiners(registry) if look is None else look
    findings = withhold_accusations(tuple(findings_of(image, look)))
    compared_with = registry.count()
    weighed = assess(findings, compared_with)
    sentences = summary(findings, weighed, compared_with)
    return Evidence(
        path=image.name,
        sha256=image.sha256,
        pixels_sha256=image.pixels_sha256,
        width=image.width,
        height=image.height,
        format=image.format,
        checked_at=datetime.now(UTC).isoformat(timespec="seconds"),
        compared_with=compared_with,
        verdict=" ".join(sentences),
        findings=findings,
        notes=(*image.notes, *_credentials(findings, registry)),
        environment={**packages(look), **environment()},
        summary=sentences,
        assessment=weighed,
        source=dict(source or {}),
    )


def _credentials(findings: Sequence[Finding], registry: Registry) -> list[str]:
    """Name the matched works that have a content credential in the registry, as copies often lost theirs."""
    matched = sorted({finding.work for finding in findings if finding.work is not None and finding.holds})
    credentials = [(number, registry.manifests(number)) for number in matched]
    return [
        f"work {number} was signed on {manifests[-1].at[:10]} by {manifests[-1].by}: its content credential is kept "
        f"with it (`audit works credential {number}`), whether or not this file carries one"
        for number, manifests in credentials
        if manifests
    ]
