"""What happens to any published picture: compression, resizing, cropping, screenshots, social media."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from PIL import Image as Pillow

from artaudit.protect.attacks.sweep import AttackSweep, Picture, Pixels, per_picture
from artaudit.transforms import Jpeg, Screenshot

_KERNELS = {
    "bilinear": Pillow.Resampling.BILINEAR,
    "bicubic": Pillow.Resampling.BICUBIC,
    "lanczos": Pillow.Resampling.LANCZOS,
}


@dataclass(frozen=True, slots=True)
class Resize:
    """Shrinks by `factor` (below 1) and grows back, with Pillow's antialiased `kernel`."""

    factor: float
    kernel: Literal["bilinear", "bicubic", "lanczos"] = "bicubic"

    def __call__(self, pixels: Pixels, seed: int) -> Pixels:  # noqa: ARG002 - nothing random here
        """Return pixels of the original size."""
        height, width = pixels.shape[-2:]
        small = (max(1, round(height * self.factor)), max(1, round(width * self.factor)))

        def change(picture: Picture) -> Picture:
            return resampled(resampled(picture, small, self.kernel), (height, width), self.kernel)

        return per_picture(pixels, change)


@dataclass(frozen=True, slots=True)
class CropResize:
    """Cuts the middle `share` of each side and grows it to the picture's size, bicubic."""

    share: float = 0.75

    def __call__(self, pixels: Pixels, seed: int) -> Pixels:  # noqa: ARG002 - nothing random here
        """Return the middle in the size of the whole."""
        sides = pixels.shape[-2:]
        kept = [max(1, round(side * self.share)) for side in sides]
        top, left = ((side - part) // 2 for side, part in zip(sides, kept, strict=True))
        middle = pixels[..., top : top + kept[0], left : left + kept[1]]
        return F.interpolate(middle, size=sides, mode="bicubic", align_corners=False).clamp(0, 1)


@dataclass(frozen=True, slots=True)
class SocialMedia:
    """Shrinks to `side` pixels along the longer side with Lanczos, saves as JPEG 4:2:0, and shows it at its old size.

    A picture that is smaller already is shrunk by an eighth, as the previews of such services are.
    """

    quality: int = 85
    side: int = 1200

    def __call__(self, pixels: Pixels, seed: int) -> Pixels:
        """Return pixels of the original size."""
        height, width = pixels.shape[-2:]
        scale = min(7 / 8, self.side / max(height, width))
        small = (max(1, round(height * scale)), max(1, round(width * scale)))
        posted = per_picture(pixels, lambda picture: resampled(picture, small, "lanczos"))
        saved = Jpeg(self.quality, "4:2:0")(posted, seed)
        return per_picture(saved, lambda picture: resampled(picture, (height, width), "bicubic"))


def resampled(picture: Picture, size: tuple[int, int], kernel: str) -> Float[np.ndarray, "rows columns 3"]:
    """Return a picture of another (height, width), each channel resampled in float32 by Pillow."""
    planes = [
        np.asarray(Pillow.fromarray(np.ascontiguousarray(picture[..., channel])).resize(size[::-1], _KERNELS[kernel]))
        for channel in range(picture.shape[2])
    ]
    return np.stack(planes, axis=2).clip(0, 1)


QUALITIES = (95.0, 90.0, 75.0, 65.0, 50.0, 30.0)

JPEG = AttackSweep("quality", QUALITIES, lambda quality: Jpeg(int(quality), "4:2:0"), everyday=True)
JPEG_FULL = AttackSweep("quality", QUALITIES, lambda quality: Jpeg(int(quality), "4:4:4"), everyday=True)
RESIZE = AttackSweep("factor", (0.75, 0.5), Resize, everyday=True)
RESIZE_BILINEAR = AttackSweep("factor", (0.75, 0.5), lambda factor: Resize(factor, "bilinear"), everyday=True)
CROP_RESIZE = AttackSweep("share of each side", (0.75,), CropResize, everyday=True)
SCREENSHOT = AttackSweep("scale of the display", (1.5, 1.25), Screenshot, everyday=True)
SOCIAL_MEDIA = AttackSweep("quality", (85.0, 75.0), lambda quality: SocialMedia(int(quality)), everyday=True)
