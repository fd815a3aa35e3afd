"""Makes the examiners of a check; each returns findings about a picture and writes or prints nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from inspect import signature
from pathlib import Path
from typing import Any

from artaudit import catalog, plugins
from artaudit.auditor.plugin_examiner import NOT_LOOKED_AT, PluginExaminer
from artaudit.auditor.registry import Registry
from artaudit.errors import ModelError
from artaudit.examination import Examiner
from artaudit.findings import PLACES, UNANSWERED, Finding
from artaudit.image import Image
from artaudit.matching import Portfolio, PortfolioEntry, bring_up_to_date, describers, index_path
from artaudit.matching.binary_codes import gather, to_sketches


class NotInstalled:
    """Stands in for an examiner one of whose packages is not installed: it cannot tell, and says what is missing."""

    def __init__(self, name: str, package: str) -> None:
        """Take the examiner's name and the missing package."""
        self.name, self._package = name, package

    def examine(self, image: Image) -> list[Finding]:  # noqa: ARG002 - it looks at none
        """Return one finding, which leaves the examiner's question open."""
        _, question = PLACES.get(self.name, ("", ""))
        claim = f"{UNANSWERED.get(question, f'what {self.name} looks for')} ({self._package} is not installed)"
        return [Finding(self.name, claim, None, NOT_LOOKED_AT)]


def examiners(registry: Registry, kind: str = "", detector: Path | None = None) -> list[Examiner]:
    """Make all examiners of the catalog, in its order.

    `kind` is what the pictures are said to be, `detector` the folder of the detector to ask [default: the fused one if
    networks were added, else the shipped one].
    """
    return examiners_for(read_portfolio(registry), kind, detector or detector_folder())


def detector_folder(model: Path | None = None) -> Path | None:
    """Return the folder of the detector that `model` names, opened to see that it can be asked; None without torch.

    By default it is the fused detector if networks were added, else the shipped one. Raises ModelError for a folder
    without a calibrated detector, and for a named one if torch is not installed.
    """
    try:
        from artaudit.detect.loading import chosen, open_calibrated, preferred  # noqa: PLC0415 - may be missing
    except ModuleNotFoundError as error:
        if model is None:
            return None
        raise ModelError(f"{model} cannot be asked: {error.name} is not installed.") from error
    folder = chosen(model) if model else preferred()
    open_calibrated(folder)
    return folder


def packages(look: Sequence[Examiner]) -> dict[str, str]:
    """Return the versions of the packages whose plug-ins are among examiners (`look`)."""
    asked = [examiner.plugin for examiner in look if isinstance(examiner, PluginExaminer)]
    return {plugin.package: plugin.version for plugin in asked}


def examiners_for(portfolio: Portfolio, kind: str = "", detector: Path | None = None) -> list[Examiner]:
    """Make all examiners of the catalog, to compare with a portfolio; `detector` is the shipped one by default.

    `NotInstalled` stands in for those that need a package that is not installed.
    """
    settings = {"portfolio": portfolio, "kind": kind, "folder": detector}
    return [instantiate(examiner, settings) for examiner in examiner_classes().values()]


def examiner_classes() -> dict[str, Any]:
    """Return the classes of the catalog's examiners by name; `NotInstalled` for those that lack a package.

    A plug-in stands for its class, which is imported when it is asked.
    """
    offered = catalog.PLUGINS[plugins.EXAMINERS]
    return {name: offered.get(name) or _class_of(name) for name in catalog.EXAMINERS}


def _class_of(name: str) -> Any:  # noqa: ANN401 - any class of the catalog
    try:
        return catalog.load(catalog.EXAMINERS, name)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("artaudit"):
            raise  # a line of the catalog that names nothing
        return partial(NotInstalled, name, error.name or str(error))


def instantiate(examiner: Any, settings: dict[str, Any]) -> Any:  # noqa: ANN401 - any class of the catalog
    """Call an examiner's class with those of the settings that are among its parameters."""
    if isinstance(examiner, plugins.Plugin):
        return PluginExaminer(examiner, lambda: instantiate(catalog.load(catalog.EXAMINERS, examiner.name), settings))
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
