"""Makes the examiners of a check; each returns findings about a picture and writes or prints nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from inspect import signature
from pathlib import Path
from typing import Any

from artaudit import catalog
from artaudit.auditor.registry import Registry
from artaudit.detect.loading import preferred
from artaudit.findings import Finding
from artaudit.image import Image
from artaudit.matching import Portfolio, PortfolioEntry, bring_up_to_date, describers, index_path
from artaudit.matching.binary_codes import gather, to_sketches
from artaudit.protocols import Examiner


def examiners(registry: Registry, kind: str = "", detector: Path | None = None) -> list[Examiner]:
    """Make all examiners of the catalog, in its order.

    `kind` is what the pictures are said to be, `detector` the folder of the detector to ask [default: the fused one if
    networks were added, else the shipped one].
    """
    return examiners_for(read_portfolio(registry), kind, detector or preferred())


def examiners_for(portfolio: Portfolio, kind: str = "", detector: Path | None = None) -> list[Examiner]:
    """Make all examiners of the catalog, to compare with a portfolio; `detector` is the shipped one by default."""
    settings = {"portfolio": portfolio, "kind": kind, "folder": detector}
    return [instantiate(catalog.load(catalog.EXAMINERS, name), settings) for name in catalog.EXAMINERS]


def instantiate(examiner: Any, settings: dict[str, Any]) -> Any:  # noqa: ANN401 - any class of the catalog
    """Call an examiner's class with those of the settings that are among its parameters."""
    parameters = signature(examiner).parameters
    return examiner(**{name: value for name, value in settings.items() if name in parameters})


def findings_of(image: Image, look: Sequence[Examiner]) -> Iterator[Finding]:
    """Yield the findings of examiners (`look`) about a picture, with the group and question that their classes name."""
    for examiner in look:
        for finding in examiner.examine(image):
            group, question = (getattr(examiner, name, getattr(finding, name)) for name in ("group", "question"))
            yield replace(finding, group=group, question=question)


def read_portfolio(registry: Registry) -> Portfolio:
    """Return the works of a registry and their cloaked versions as a portfolio to compare with."""
    fingerprints, works, describer = registry.fingerprint_store, registry.works(), describers.chosen()
    hashes = dict(registry.fingerprints("pdq"))
    titles = {work.id: work.title for work in works}
    keypoints = partial(fingerprints.fingerprint, kind="keypoints")
    kind = describer.kind if describer else ""
    sketches = gather((work, to_sketches(data)) for work, data in fingerprints.sketches(kind))
    described = set(sketches.owners.tolist())
    entries = [
        PortfolioEntry(
            work.id,
            work.title,
            work.sha256,
            work.pixels_sha256,
            hashes[work.id],
            partial(keypoints, work.id),
            descriptors=partial(fingerprints.descriptor, work.id, kind) if work.id in described else b"",
        )
        for work in works
    ]
    versions = [version for version in registry.versions() if version.cloaked and version.work in titles]
    entries += [
        PortfolioEntry(version.work, titles[version.work], version.sha256, version.pixels_sha256, cloaked=True)
        for version in versions
    ]
    index = bring_up_to_date(index_path(registry.path), {work.id: work.sha256 for work in works}, keypoints)
    return Portfolio(entries, index, sketches, describer)
