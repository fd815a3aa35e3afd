"""How far versions and other states of a picture differ from it, as `audit register` compares them.

Usage: versions.py FOLDER [COUNT]. Prints for each edit the share of pictures that are told as versions, and quantiles
of the largest difference in levels of 255.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageEnhance

from artaudit.auditor.recognition import LOOKS_ALIKE, largest_difference
from artaudit.auditor.registry.thumbnail import open_thumbnail, thumbnail
from artaudit.image import Image, decode
from artaudit.image.sources import gather
from artaudit.matching.pdq import THRESHOLD, pdq

LONGEST = 1000
Edit = Callable[[Pillow.Image], bytes]


def saved(picture: Pillow.Image, kind: str = "PNG", quality: int = 95) -> bytes:
    """Return a file of the picture."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, quality=quality)
    return buffer.getvalue()


def scaled(share: float, quality: int = 0) -> Edit:
    """Return an edit that scales, and saves as JPEG of this quality unless it is 0."""

    def edit(picture: Pillow.Image) -> bytes:
        small = picture.resize((round(picture.width * share), round(picture.height * share)))
        return saved(small, "JPEG", quality) if quality else saved(small)

    return edit


def noisy(picture: Pillow.Image) -> bytes:
    """Add grain with a standard deviation of eight levels."""
    noise = np.random.default_rng(0).normal(0, 8, (picture.height, picture.width, 3))
    return saved(Pillow.fromarray((np.asarray(picture) + noise).clip(0, 255).astype(np.uint8)))


def written_on(picture: Pillow.Image) -> bytes:
    """Write on the picture, a fifteenth of its height."""
    other = picture.copy()
    place = picture.width // 10, picture.height // 10
    ImageDraw.Draw(other).text(place, "SOLD OUT", fill="white", font_size=max(12, picture.height // 15))
    return saved(other)


def dotted(picture: Pillow.Image) -> bytes:
    """Draw a disc on a hundredth of the picture's area."""
    other, side = picture.copy(), (picture.width * picture.height // 100) ** 0.5
    place = picture.width / 3, picture.height / 3
    ImageDraw.Draw(other).ellipse((*place, place[0] + side, place[1] + side), fill="red")
    return saved(other)


EDITS: Mapping[str, Edit] = MappingProxyType(
    {
        "half": scaled(0.5),
        "a third": scaled(0.33),
        "three quarters": scaled(0.77),
        "double": scaled(2),
        "JPEG 95": scaled(1, 95),
        "JPEG 60": scaled(1, 60),
        "half, JPEG 50": scaled(0.5, 50),
        "grain": noisy,
        "other: writing": written_on,
        "other: a disc": dotted,
        "other: brighter by 12 %": lambda picture: saved(ImageEnhance.Brightness(picture).enhance(1.12)),
        "other: more contrast by 15 %": lambda picture: saved(ImageEnhance.Contrast(picture).enhance(1.15)),
        "other: grey": lambda picture: saved(picture.convert("L")),
    }
)
"""Edits of a picture; those that begin with "other" make a work of its own."""


def difference(one: Image, other: Image) -> float:
    """Return the largest difference; infinite where the hashes or the shapes are too far apart."""
    if pdq(one.rgb8).distance(pdq(other.rgb8)) > THRESHOLD:
        return np.inf
    found = largest_difference(open_thumbnail(thumbnail(one)), open_thumbnail(thumbnail(other)))
    return np.inf if found is None else found


def main() -> None:
    """Measure and print."""
    paths = [source.path for source in gather([Path(sys.argv[1])])]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    differences: dict[str, list[float]] = {name: [] for name in EDITS}
    for path in np.random.default_rng(0).permutation(np.array(paths, dtype=object))[:count]:
        with Pillow.open(path) as opened:
            picture = opened.convert("RGB")
        picture.thumbnail((LONGEST, LONGEST))
        original = decode(saved(picture), name=path.name)
        for name, edit in EDITS.items():
            differences[name].append(difference(original, decode(edit(picture), name=name)))
    for name, found in differences.items():
        told = np.mean(np.array(found) <= LOOKS_ALIKE)
        low, middle, high = np.quantile(found, (0.05, 0.5, 0.95), method="nearest")
        print(f"{name:<30} told as a version {told:4.0%}, difference {low:5.1f} {middle:5.1f} {high:5.1f}")


if __name__ == "__main__":
    main()
