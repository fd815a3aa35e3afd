"""A picture file in memory, as a frozen dataclass with views of its samples."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

import numpy as np
from jaxtyping import Float, UInt
from PIL import Image as Pillow
from PIL import ImageCms

_BAND = 256
"""Rows of a picture that are seen at once."""


@dataclass(frozen=True)
class Image:
    """A picture file in memory.

    `data` are the file's bytes, `stored` its samples as the file holds them: (rows, columns, channels), uint8
    or uint16, with 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGB, alpha) channels, before `orientation` (EXIF,
    1 to 8) is applied. `read_only` says why this kind of file cannot be written back unharmed, empty when it
    can. `notes` are sentences about what the reader had to do.
    """

    name: str
    data: bytes = field(repr=False)
    format: str
    stored: UInt[np.ndarray, "rows columns channels"] = field(repr=False)
    orientation: int = 1
    icc: bytes | None = field(default=None, repr=False)
    exif: bytes | None = field(default=None, repr=False)
    xmp: bytes | None = field(default=None, repr=False)
    lossless: bool = True
    frames: int = 1
    read_only: str = ""
    notes: tuple[str, ...] = ()

    @cached_property
    def sha256(self) -> str:
        """Hexadecimal sha256 of the file's bytes."""
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def pixels_sha256(self) -> str:
        """Hexadecimal sha256 of the upright samples: the same for every lossless copy, whatever its metadata."""
        colour = np.broadcast_to(self._upright[..., : self._colours], (self.height, self.width, 3))
        opaque = self.stored.shape[2] in (1, 3) or bool((self.stored[..., -1] == self.levels).all())
        planes = [colour] if opaque else [colour, self._upright[..., -1:]]
        digest = hashlib.sha256(f"{self.width}x{self.height}x{self.levels}".encode())
        for plane, top in product(planes, range(0, self.height, _BAND)):
            band = np.ascontiguousarray(plane[top : top + _BAND])
            digest.update(band.astype(self.stored.dtype.newbyteorder(">")).tobytes())
        return digest.hexdigest()

    @property
    def width(self) -> int:
        """Columns of the upright picture."""
        return int(self._upright.shape[1])

    @property
    def height(self) -> int:
        """Rows of the upright picture."""
        return int(self._upright.shape[0])

    @property
    def levels(self) -> int:
        """The largest sample value: 255 or 65535."""
        return int(np.iinfo(self.stored.dtype).max)

    @cached_property
    def samples(self) -> Float[np.ndarray, "height width colours"]:
        """The upright colour samples as a training pipeline reads them: float32 in [0, 1], 1 or 3 channels.

        The ICC profile is not applied and alpha is left out.
        """
        return self._upright[..., : self._colours].astype(np.float32) / self.levels

    @cached_property
    def alpha(self) -> Float[np.ndarray, "height width 1"] | None:
        """The upright opacity, float32 in [0, 1], or None when the file has none."""
        if self.stored.shape[2] in (1, 3):
            return None
        return self._upright[..., -1:].astype(np.float32) / self.levels

    @cached_property
    def pixels(self) -> Float[np.ndarray, "height width 3"]:
        """The picture as people see it: upright, sRGB, on white where transparent, float32 in [0, 1]."""
        return self.seen(slice(None))

    @cached_property
    def rgb8(self) -> UInt[np.ndarray, "height width 3"]:
        """`pixels` rounded to 8 bits a channel; made in bands, as floats of a large picture fill the memory."""
        plain = self.stored.dtype == np.uint8 and self.stored.shape[2] in (1, 3) and not self.icc
        if plain:
            return np.ascontiguousarray(np.broadcast_to(self._upright, (self.height, self.width, 3)))
        seen = np.empty((self.height, self.width, 3), np.uint8)
        for top in range(0, self.height, _BAND):
            rows = slice(top, top + _BAND)
            seen[rows] = np.rint(self.seen(rows) * 255)
        return seen

    def seen(self, rows: slice) -> Float[np.ndarray, "rows width 3"]:
        """Return some rows of `pixels`, made anew."""
        upright = self._upright[rows]
        colour = upright[..., : self._colours].astype(np.float32) / self.levels
        colour = np.broadcast_to(colour, (*upright.shape[:2], 3))
        if self.icc:
            colour = _to_srgb(colour, self.icc)
        if upright.shape[2] in (2, 4):
            alpha = upright[..., -1:].astype(np.float32) / self.levels
            colour = colour * alpha + (1 - alpha)
        return np.ascontiguousarray(colour, dtype=np.float32)

    @property
    def _colours(self) -> int:
        return 1 if self.stored.shape[2] < 3 else 3  # noqa: PLR2004 - three channels are RGB

    @cached_property
    def _upright(self) -> UInt[np.ndarray, "height width channels"]:
        return turn_upright(self.stored, self.orientation)


def turn_upright(
    stored: UInt[np.ndarray, "rows columns channels"], orientation: int
) -> UInt[np.ndarray, "height width channels"]:
    """Apply the EXIF `orientation` (1 to 8; https://www.cipa.jp/std/documents/download_e.html?DC-008)."""
    turns: dict[int, Callable[[np.ndarray], np.ndarray]] = {
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: np.rot90(a, -1),
        7: lambda a: np.rot90(a.swapaxes(0, 1), 2),
        8: lambda a: np.rot90(a, 1),
    }
    turn = turns.get(orientation)
    return np.ascontiguousarray(turn(stored) if turn else stored)


def turn_back(
    upright: UInt[np.ndarray, "height width channels"], orientation: int
) -> UInt[np.ndarray, "rows columns channels"]:
    """Undo `turn_upright`; 6 and 8 undo each other, the rest undo themselves."""
    return turn_upright(upright, {6: 8, 8: 6}.get(orientation, orientation))


def _to_srgb(colour: Float[np.ndarray, "height width 3"], icc: bytes) -> Float[np.ndarray, "height width 3"]:
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        if profile.profile.xcolor_space.strip() != "RGB":
            return colour
        picture = Pillow.fromarray(np.rint(colour * 255).astype(np.uint8))
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        seen = ImageCms.profileToProfile(picture, profile, srgb, outputMode="RGB")
    except Exception:  # noqa: BLE001 - a broken profile is ignored, whatever it makes its reader raise
        return colour
    return np.asarray(seen, dtype=np.float32) / 255
