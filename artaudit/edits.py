"""What happens to files before anybody checks them, done to real and machine-made pictures alike.

One recipe for both labels, so that no file format gives the answer away: Grommelt et al. 2024,
https://arxiv.org/abs/2403.17608.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import cv2
import numpy as np
from jaxtyping import UInt8
from PIL import Image as Pillow

Levels = UInt8[np.ndarray, "height width 3"]
Edited = UInt8[np.ndarray, "rows columns 3"]
Edit = Callable[[Levels], Edited]


@dataclass(frozen=True, slots=True)
class Saved:
    """Writes a picture with Pillow's encoder and reads it back; `subsampling` is a JPEG's."""

    quality: int
    format: Literal["JPEG", "WEBP"] = "JPEG"
    subsampling: Literal["4:4:4", "4:2:0"] = "4:2:0"

    def __call__(self, picture: Levels) -> Edited:
        """Return what a decoder makes of the file."""
        with Pillow.open(io.BytesIO(self.file(picture))) as opened:
            return np.asarray(opened.convert("RGB"))

    def file(self, picture: Levels) -> bytes:
        """Return the file."""
        buffer, options = io.BytesIO(), {"subsampling": self.subsampling} if self.format == "JPEG" else {}
        Pillow.fromarray(picture).save(buffer, self.format, quality=self.quality, **options)
        return buffer.getvalue()


@dataclass(frozen=True, slots=True)
class Resized:
    """Scales both sides by `factor`; `kernel` is one of OpenCV's interpolations."""

    factor: float
    kernel: int = cv2.INTER_AREA

    def __call__(self, picture: Levels) -> Edited:
        """Return the smaller or larger picture."""
        height, width = (max(1, round(side * self.factor)) for side in picture.shape[:2])
        return np.asarray(cv2.resize(picture, (width, height), interpolation=self.kernel), dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class Blurred:
    """Gaussian blur of `sigma` pixels."""

    sigma: float

    def __call__(self, picture: Levels) -> Edited:
        """Return the softer picture."""
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), self.sigma), dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class Sharpened:
    """Unsharp mask: half of what a Gaussian blur of `sigma` pixels takes away is added."""

    sigma: float = 1.0

    def __call__(self, picture: Levels) -> Edited:
        """Return the crisper picture."""
        soft = cv2.GaussianBlur(picture, (0, 0), self.sigma)
        return np.asarray(cv2.addWeighted(picture, 1.5, soft, -0.5, 0), dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class Noisy:
    """White Gaussian noise of standard deviation `sigma`, in levels of 255, the same at every call."""

    sigma: float

    def __call__(self, picture: Levels) -> Edited:
        """Return the noisier picture."""
        noise = np.random.default_rng(0).normal(0, self.sigma, picture.shape)
        return np.rint(picture + noise).clip(0, 255).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Trimmed:
    """Cuts `top` rows and `left` columns off: the content stays, every grid of blocks moves."""

    top: int
    left: int

    def __call__(self, picture: Levels) -> Edited:
        """Return what is left."""
        return np.ascontiguousarray(picture[self.top :, self.left :])


@dataclass(frozen=True, slots=True)
class Chain:
    """Several edits, one after the other."""

    edits: tuple[Edit, ...]

    def __call__(self, picture: Levels) -> Edited:
        """Return the picture after all of them."""
        for edit in self.edits:
            picture = edit(picture)
        return picture


def saved_last(edit: Edit, picture: Levels) -> bytes | None:
    """Return the file that an edit leaves, None if it does not save the picture in the end."""
    *before, last = edit.edits if isinstance(edit, Chain) and edit.edits else (edit,)
    return last.file(Chain(tuple(before))(picture)) if isinstance(last, Saved) else None


ROBUSTNESS: MappingProxyType[str, Edit] = MappingProxyType(
    {
        "as it is": Chain(()),
        "JPEG 96": Saved(96),
        "JPEG 90": Saved(90),
        "JPEG 75": Saved(75),
        "JPEG 60": Saved(60),
        "WebP 80": Saved(80, "WEBP"),
        "resize .75": Resized(0.75),
        "resize 1.25": Resized(1.25, cv2.INTER_CUBIC),
        "blur 1": Blurred(1.0),
        "noise 4": Noisy(4.0),
        "crop 3, 5": Trimmed(3, 5),
        "screenshot": Chain((Resized(1.25, cv2.INTER_LINEAR), Trimmed(1, 2), Resized(0.8), Saved(90))),
    }
)
"""The curve every detector is measured along, by name."""

MILD: tuple[Edit, ...] = (Saved(90), Trimmed(1, 1))
"""Edits under which a finding must not change, or it is withdrawn."""


def handling(seed: int, lived: Literal["new", "JPEG", "WEBP"] = "new") -> Edit:
    """Draw what a file has been through: an earlier save, a resize, a blur, a last save; both labels draw alike.

    `lived` says which lossy format the picture comes in already, so that its first save is not made twice.
    """
    rng = np.random.default_rng(seed)
    past, resized, blurred, last = rng.random(4)
    edits: list[Edit] = []
    if lived == "new":
        edits += [Saved(75)] if past < 0.5 else [Saved(int(rng.integers(75, 96)), "WEBP")] if past < 0.7 else []  # noqa: PLR2004
    edits.append(Trimmed(*map(int, rng.integers(0, 8, 2))))
    if resized < 0.35:  # noqa: PLR2004 - about a third of files were scaled
        kernels = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)
        edits.append(Resized(float(rng.uniform(0.6, 1.2)), kernels[rng.integers(4)]))
    if blurred < 0.08:  # noqa: PLR2004 - few are blurred
        edits.append(Blurred(float(rng.uniform(0.3, 0.8))))
    if last < 0.75:  # noqa: PLR2004 - most were saved with loss
        edits.append(_last_save(rng))
    return Chain(tuple(edits))


def _last_save(rng: np.random.Generator) -> Saved:
    if rng.random() < 0.15:  # noqa: PLR2004 - some pages serve WebP
        return Saved(int(rng.integers(75, 96)), "WEBP")
    return Saved(int(rng.integers(65, 99)), "JPEG", "4:2:0" if rng.random() < 0.7 else "4:4:4")  # noqa: PLR2004
