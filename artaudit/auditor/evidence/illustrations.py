"""The examiners that illustrate their findings for reports."""

from __future__ import annotations

from artaudit import catalog
from artaudit.auditor.examiners import instantiate
from artaudit.matching.examiner import WorkPixels
from artaudit.protocols import Illustrator


def illustrators(works: WorkPixels) -> dict[str, Illustrator]:
    """Return the examiners of the catalog that draw, by name; `works` returns the pixels of a work.

    They are made for drawing only: of all settings they get `works`.
    """
    kinds = {name: catalog.load(catalog.EXAMINERS, name) for name in catalog.EXAMINERS}
    return {name: instantiate(kind, {"works": works}) for name, kind in kinds.items() if hasattr(kind, "illustrate")}
