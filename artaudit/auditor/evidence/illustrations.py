"""The examiners that illustrate their findings for reports."""

from __future__ import annotations

from artaudit.auditor.examiners import examiner_classes, instantiate
from artaudit.examination import Illustrator
from artaudit.matching.examiner import WorkPixels
from artaudit.plugins import Plugin


def illustrators(works: WorkPixels) -> dict[str, Illustrator]:
    """Return the examiners of the catalog that draw, by name; `works` returns the pixels of a work.

    They are made for drawing only: of all settings they get `works`.
    """
    drawing = {
        name: kind
        for name, kind in examiner_classes().items()
        if isinstance(kind, Plugin) or hasattr(kind, "illustrate")
    }
    return {name: instantiate(kind, {"works": works}) for name, kind in drawing.items()}
