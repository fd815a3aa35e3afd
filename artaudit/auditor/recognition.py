"""Tells whose version a picture is before it is registered: by its receipt, by digests, then by how it looks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from artaudit.auditor.registry import Registry, Work
from artaudit.auditor.registry.records import CLOAKED, SCHEMA
from artaudit.auditor.registry.thumbnail import open_thumbnail
from artaudit.image import Image
from artaudit.matching.pdq import THRESHOLD, PdqHash
from artaudit.provenance.signed.credentials import readable_credential

COMPARED_SIDE = 24
"""Pixels along the longer side at which two pictures are compared by how they look."""

LOOKS_ALIKE = 8.0
"""The largest difference of any of these pixels, in levels of 255, that a version shows.

Measured by `benchmarks/versions.py`: versions stay below, other states of a picture hardly ever.
"""

_RECEIPT_BYTES = 4 << 20
_ASPECT = 0.02


@dataclass(frozen=True, slots=True)
class Recognised:
    """Whose version a picture is, of which kind, how that was told, and the receipt to keep with it."""

    work: Work
    kind: str
    by: str
    receipt: dict[str, Any] = field(repr=False)


class Recognition:
    """Knows the works of a registry that versions are looked for among."""

    def __init__(self, registry: Registry) -> None:
        """Read the hashes of all works that are not withdrawn."""
        self._registry = registry
        self._hashes = {work: PdqHash.from_bytes(data) for work, data in registry.fingerprints("pdq")}

    def learn(self, work: int, pdq: bytes) -> None:
        """Look among a work that was registered meanwhile, too."""
        self._hashes[work] = PdqHash.from_bytes(pdq)

    def of(self, image: Image, pdq: bytes, preview: bytes) -> Recognised | None:
        """Return whose version the picture with this hash and thumbnail is; None where it is of none."""
        return self._by_digest(image) or self._by_receipt(image) or self._by_look(image, pdq, preview)

    def _by_digest(self, image: Image) -> Recognised | None:
        same = self._registry.find(pixels_sha256=image.pixels_sha256)
        for work, version in same:
            if version is not None and version.cloaked:
                return Recognised(work, CLOAKED, "its pixels are those of a cloaked version", version.receipt)
        for work, _ in same:
            return _recognised(
                work, "signed" if readable_credential(image) is not None else "copied", "its pixels are the same"
            )
        return None

    def _by_receipt(self, image: Image) -> Recognised | None:
        for receipt in _receipts_beside(Path(image.name)):
            before, after = (_digests(receipt.get(name)) for name in ("input", "output"))
            if not after & {image.sha256, image.pixels_sha256}:
                continue
            for digest in before:
                for column in ("sha256", "pixels_sha256"):
                    for work, version in self._registry.find(**{column: digest}):
                        if version is None:
                            return Recognised(work, CLOAKED, "its receipt lies beside it", receipt)
        return None

    def _by_look(self, image: Image, pdq: bytes, preview: bytes) -> Recognised | None:
        ours = PdqHash.from_bytes(pdq)
        if not ours.decides:
            return None
        near = {
            number: ours.distance(stored)
            for number, stored in self._hashes.items()
            if stored.decides and ours.distance(stored) <= THRESHOLD
        }
        for number in sorted(near, key=near.__getitem__):
            work = self._registry.work(number)
            difference = largest_difference(open_thumbnail(preview), open_thumbnail(self._registry.preview(number)))
            if difference is not None and difference <= LOOKS_ALIKE:
                same_size = (work.width, work.height) == (image.width, image.height)
                kind = "signed" if readable_credential(image) is not None else "changed" if same_size else "resized"
                return _recognised(work, kind, "it looks the same", difference_of_255=round(difference, 1))
        return None


def largest_difference(
    one: UInt8[np.ndarray, "height width 3"], other: UInt8[np.ndarray, "rows columns 3"]
) -> float | None:
    """Return the largest difference of any place of two pictures, made small, in levels of 255.

    None where the shapes of the pictures differ.
    """
    ratios = [picture.shape[1] / picture.shape[0] for picture in (one, other)]
    if abs(ratios[0] / ratios[1] - 1) > _ASPECT:
        return None
    side = min(COMPARED_SIDE, max(one.shape[:2]), max(other.shape[:2]))
    scale = side / max(one.shape[:2])
    size = max(1, round(one.shape[1] * scale)), max(1, round(one.shape[0] * scale))
    small = [_small(picture, size) for picture in (one, other)]
    return float(np.abs(small[0] - small[1]).mean(axis=2).max())


def _small(picture: UInt8[np.ndarray, "height width 3"], size: tuple[int, int]) -> Float[np.ndarray, "rows columns 3"]:
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float64)


def _recognised(work: Work, kind: str, by: str, **measured: float) -> Recognised:
    return Recognised(work, kind, by, {"schema": SCHEMA, "kind": kind, "by": by, **measured})


def _receipts_beside(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the receipts that lie beside a picture under the names that cloaks give them."""
    for stem in dict.fromkeys((path.stem, path.stem.removesuffix("-cloaked"))):
        beside = path.with_name(f"{stem}.receipt.json")
        try:
            if beside.is_file() and beside.stat().st_size <= _RECEIPT_BYTES:
                read = json.loads(beside.read_text("utf-8"))
                if isinstance(read, dict):
                    yield read
        except (OSError, ValueError, RecursionError):
            continue


def _digests(described: object) -> set[str]:
    """Return the digests that a receipt gives of its input or output."""
    if not isinstance(described, dict):
        return set()
    return {value for name in ("sha256", "pixels_sha256") if isinstance(value := described.get(name), str)}
