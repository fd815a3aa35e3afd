"""Strata of files: a picture is compared with others that were saved like it, and of its kind where it is known."""

from __future__ import annotations

from artaudit.datasets.container import container
from artaudit.datasets.manifest import Row
from artaudit.edits import Chain, Edit, Saved
from artaudit.errors import ImageError
from artaudit.image import Image

LOSSLESS = frozenset({"PNG", "TIFF", "BMP", "WEBP lossless"})
"""Codecs that keep every sample."""


def of_kind(stratum: str, kind: str) -> str:
    """Return the stratum of files whose pictures are of one kind; `kind` is empty for those of any."""
    return f"{stratum}, {kind}" if kind else stratum


def stratum_of(codec: str, quality: int | None) -> str:
    """Return the stratum of a file by what its container tells: the codec and the band of a JPEG's quality."""
    if codec == "JPEG" and quality is not None:
        return "JPEG 90 to 100" if quality >= 90 else "JPEG 75 to 89" if quality >= 75 else "JPEG below 75"  # noqa: PLR2004
    return "WebP" if codec == "WEBP" else "lossless" if codec in LOSSLESS else "other"


def stratum_of_file(image: Image) -> str:
    """Return the kind of file that a picture is, by its container: codec, and of a JPEG the band of its quality."""
    try:
        outside = container(image.data, name=image.name)
    except ImageError:
        return "other"
    return stratum_of(outside.codec, outside.quality)


def stratum_of_edit(edit: Edit, row: Row) -> str:
    """Return the stratum of the file that an edit ends in; an edit that leaves all as it is ends in the row's file."""
    if edit == Chain(()):
        return stratum_of(row.codec, row.quality)
    return stratum_after(edit)


def stratum_after(edit: Edit) -> str:
    """Return the stratum of the file that an edit ends in, as its last save tells; lossless where there is none."""
    while isinstance(edit, Chain) and edit.edits:
        edit = edit.edits[-1]
    return stratum_of(edit.format, edit.quality) if isinstance(edit, Saved) else "lossless"
