"""Who looks at a picture in a check: each returns findings about it, never writes, never prints."""

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
    """Return everyone the catalog names, in its order, ready to look.

    `kind` is what the pictures are said to be, `detector` the folder of the one to ask [default: the fused one where
    networks were added, else the shipped one].
    """
    return ready(read_portfolio(registry), kind, detector or preferred())


def ready(portfolio: Portfolio, kind: str = "", detector: Path | None = None) -> list[Examiner]:
    """Return everyone the catalog names, ready to compare with a portfolio; without a folder the shipped detector."""
    known = {"portfolio": portfolio, "kind": kind, "folder": detector}
    return [made(catalog.load(catalog.EXAMINERS, name), known) for name in catalog.EXAMINERS]


def made(examiner: Any, known: dict[str, Any]) -> Any:  # noqa: ANN401 - any class of the catalog
    """Make an examiner of its class, which is given what it asks for by the names of its parameters."""
    asked = signature(examiner).parameters
    return examiner(**{name: value for name, value in known.items() if name in asked})


def findings_of(image: Image, look: Sequence[Examiner]) -> Iterator[Finding]:
    """Yield what examiners find in a picture, in the group and about the question that their classes name."""
    for examiner in look:
        for finding in examiner.examine(image):
            group, question = (getattr(examiner, name, getattr(finding, name)) for name in ("group", "question"))
            yield replace(finding, group=group, question=question)


def read_portfolio(registry: Registry) -> Portfolio:
    """Collect every work and every cloaked version of one as something to compare with."""
    shelf, works, describer = registry.fingerprint_store, registry.works(), describers.chosen()
    hashes = dict(registry.fingerprints("pdq"))
    titles = {work.id: work.title for work in works}
    keypoints = partial(shelf.fingerprint, kind="keypoints")
    kind = describer.kind if describer else ""
    sketches = gather((work, to_sketches(data)) for work, data in shelf.sketches(kind))
    described = set(sketches.owners.tolist())
    entries = [
        PortfolioEntry(
            one.id,
            one.title,
            one.sha256,
            one.pixels_sha256,
            hashes[one.id],
            partial(keypoints, one.id),
            descriptors=partial(shelf.descriptor, one.id, kind) if one.id in described else b"",
        )
        for one in works
    ]
    versions = [one for one in registry.versions() if one.work in titles]
    entries += [
        PortfolioEntry(one.work, titles[one.work], one.sha256, one.pixels_sha256, cloaked=True) for one in versions
    ]
    index = bring_up_to_date(index_path(registry.path), {one.id: one.sha256 for one in works}, keypoints)
    return Portfolio(entries, index, sketches, describer)
