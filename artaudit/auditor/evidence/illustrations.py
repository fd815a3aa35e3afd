"""The examiners that illustrate their findings for reports."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import UInt8

from artaudit.auditor.examiners import examiner_classes, instantiate
from artaudit.auditor.registry import Registry
from artaudit.auditor.registry.thumbnail import open_thumbnail
from artaudit.findings import Illustrator
from artaudit.image import Image


def illustrators(originals: Mapping[int, Image | None], registry: Registry) -> dict[str, Illustrator]:
    """Return the examiners of the catalog that draw, by name; `originals` are the works' files, None if not at hand.

    They are made for drawing only: of all settings they get `works`, which returns the pixels of a work.
    """

    def works(number: int) -> UInt8[np.ndarray, "height width 3"]:
        """Return the pixels of a work, from its file if that is at hand, else from its preview."""
        original = originals[number]
        return np.array(open_thumbnail(registry.preview(number))) if original is None else original.rgb8

    drawing = {name: kind for name, kind in examiner_classes().items() if hasattr(kind, "illustrate")}
    return {name: instantiate(kind, {"works": works}) for name, kind in drawing.items()}
