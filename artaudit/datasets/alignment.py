"""Aligned pairs: a real picture and its redrawing by an autoencoder, both saved with the same settings.

Rajan et al., ICLR 2025, https://arxiv.org/abs/2410.11835; a share of the real picture mixed in after Chen et al.,
NeurIPS 2025, https://arxiv.org/abs/2505.14359.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8

from artaudit.datasets.container import container
from artaudit.datasets.listing import Left
from artaudit.datasets.manifest import GENERATED, REAL, Row
from artaudit.datasets.resaving import Resaver
from artaudit.errors import ImageError
from artaudit.image import Image
from artaudit.image.writing import write_atomically
from artaudit.protocols import Autoencoder
from artaudit.tensors import to_array, to_batch

_WINDOW, _CONTEXT = 512, 64
_SHARES = tuple(number / 10 for number in range(9))
_NEAR = 0.02


class Aligner:
    """Writes pairs into `folder`: real/NAME, the picture saved again, and redrawn-MODEL/NAME, its redrawing.

    NAME is the beginning of the original's sha256, and the pair's. Pairs that are there already are kept.

    Autoencoders lose detail, so that the size of the file alone would tell the two apart. `even` mixes in the
    smallest share of the real picture, at most .8, that brings the file within 2 % of the real one's size (or as
    near as it gets) and writes to evened-MODEL/NAME; without it the redrawing stays as it was drawn.
    """

    def __init__(self, autoencoder: Autoencoder, folder: Path, *, even: bool = True) -> None:
        self.autoencoder, self.folder, self.even = autoencoder, folder, even

    def align(self, pictures: Iterable[tuple[Row, Image | Left]]) -> Iterator[Row | Left]:
        """Yield the rows of each pair, the real one first, as soon as both are written, and what was left out.

        Generated pictures and copies of earlier ones are skipped.
        """
        seen: set[str] = set()
        for row, image in pictures:
            if isinstance(image, Left):
                yield image
            elif row.label == REAL and image.sha256 not in seen:
                seen.add(image.sha256)
                try:
                    yield from self._pair(row, image)
                except ImageError as error:
                    yield Left(row.path, str(error).removeprefix(f"{row.path} ").rstrip("."))

    def _pair(self, row: Row, image: Image) -> tuple[Row, Row]:
        if min(image.width, image.height) < self.autoencoder.factor:
            raise ImageError(f"{image.name} is smaller than one latent of {self.autoencoder.name}: leave it out.")
        saver = Resaver(image)
        name = image.sha256[:24]
        real = Path(REAL, f"{name}{saver.suffix}")
        kind = "evened" if self.even else "redrawn"
        other = Path(f"{kind}-{self.autoencoder.digest[:12]}", real.name)
        if not (self.folder / real).exists():
            write_atomically(self.folder / real, saver.save(image.rgb8))
        if not (self.folder / other).exists():
            again = redrawn(image.rgb8, self.autoencoder)
            size = (self.folder / real).stat().st_size
            write_atomically(
                self.folder / other, evened(image.rgb8, again, saver, size) if self.even else saver.save(again)
            )
        row = replace(row, pair=name)
        made = replace(row, label=GENERATED, generator=self.autoencoder.name)
        return self._described(row, real), self._described(made, other)

    def _described(self, row: Row, inside: Path) -> Row:
        data = (self.folder / inside).read_bytes()
        facts = asdict(container(data, name=str(inside)))
        return replace(row, path=inside.as_posix(), sha256=hashlib.sha256(data).hexdigest(), **facts)


def evened(
    real: UInt8[np.ndarray, "height width 3"], again: UInt8[np.ndarray, "height width 3"], saver: Resaver, size: int
) -> bytes:
    """Return the file of a redrawing with the smallest share of the real picture that makes it about `size` bytes."""
    best, nearest = b"", np.inf
    for share in _SHARES:
        mixed = np.rint(again + share * (real.astype(np.float32) - again)).astype(np.uint8)
        data = saver.save(mixed)
        off = abs(len(data) / size - 1)
        if off < nearest:
            best, nearest = data, off
        if off <= _NEAR:
            break
    return best


def redrawn(rgb8: UInt8[np.ndarray, "height width 3"], autoencoder: Autoencoder) -> UInt8[np.ndarray, "height width 3"]:
    """Return what the autoencoder makes of a picture, large ones in windows that see 64 pixels beyond their edges."""
    height, width = rgb8.shape[:2]
    result = np.empty_like(rgb8)
    for top in range(0, height, _WINDOW):
        for left in range(0, width, _WINDOW):
            above, before = max(0, top - _CONTEXT), max(0, left - _CONTEXT)
            bottom, right = top + _WINDOW, left + _WINDOW
            seen = rgb8[above : bottom + _CONTEXT, before : right + _CONTEXT]
            with torch.inference_mode():
                again = to_array(autoencoder.decode(autoencoder.encode(to_batch(seen.astype(np.float32) / 255))))
            again = again[: seen.shape[0], : seen.shape[1]][top - above :, left - before :]
            kept = result[top:bottom, left:right]
            kept[:] = np.rint(again[: kept.shape[0], : kept.shape[1]].clip(0, 1) * 255).astype(np.uint8)
    return result
