"""The receipt of a cloak: what went in, what came out, how it was made and what it did, as plain JSON values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float

from artaudit.catalog import plugin_of
from artaudit.environment import environment
from artaudit.findings import PLUGIN
from artaudit.image import Image
from artaudit.protect.cloak import working_size
from artaudit.protect.effect import effects
from artaudit.protect.visibility import visibility
from artaudit.protocols import Cloaked, Encoder

SCHEMA = "artaudit-receipt/3"
LIMITS = (
    "The effect is measured on the very models the cloak was made against; other models move less.",
    "A cloak raises the cost of learning from a picture, no more; noise followed by denoising removes most of it.",
    "Copies published before are not protected.",
)


def receipt(image: Image, saved: Image, cloaked: Cloaked, encoders: Sequence[Encoder], note: str) -> dict[str, Any]:
    """Describe the cloaked file `saved` made from `image`; `note` says how the models were chosen.

    Visibility is measured on the saved file; `budget` holds what was promised of it (None: no such promise). Effects
    are measured beside noise that is as visible as the change, and of equal PSNR for comparison with papers.
    """
    return {
        "schema": SCHEMA,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "method": dict(cloaked.method),
        "seed": cloaked.seed,
        "budget": {
            "ssimulacra2": cloaked.budget.ssimulacra2,
            "linf": cloaked.budget.linf,
            "levels_of_255": cloaked.budget.levels,
        },
        "models": [{"name": name, "digest": digest, **_maker(name, encoders)} for name, digest in cloaked.models],
        "models_note": note,
        "input": _describe(image),
        "output": _describe(saved),
        "visibility": visibility(image, saved),
        "file_growth": len(saved.data) / len(image.data),
        "effect": _effects(encoders, image, saved),
        "limits": list(LIMITS),
        "environment": environment(),
    }


def _maker(name: str, encoders: Sequence[Encoder]) -> dict[str, str]:
    """Name the plug-in that reads a model, if one does."""
    plugin = next((plugin_of(type(encoder)) for encoder in encoders if encoder.name == name), None)
    return {} if plugin is None else {PLUGIN: str(plugin)}


def _describe(image: Image) -> dict[str, Any]:
    return {
        "sha256": image.sha256,
        "pixels_sha256": image.pixels_sha256,
        "bytes": len(image.data),
        "format": image.format,
        "width": image.width,
        "height": image.height,
        "bits": 8 * image.stored.dtype.itemsize,
    }


MEASURED_SIDE = 512
"""Most pixels along each side of the middle part that effects are measured on."""


def _effects(encoders: Sequence[Encoder], image: Image, saved: Image) -> list[dict[str, Any]]:
    """Measure on the middle of the picture, 512 pixels at most along a side, so that time does not grow with size.

    Large pictures are measured at the working size of cloaks.
    """
    return [
        {
            "model": effect.encoder,
            "displacement": round(effect.displacement, 5),
            "noise_as_visible": {kind: round(far, 5) for kind, far in effect.noises.items()},
            "gain_over_visible_noise": round(effect.gain, 3),
            "gain_at_equal_psnr": round(effect.gain_at_equal_psnr, 3),
        }
        for effect in effects(encoders, middle(image), middle(saved))
    ]


def middle(image: Image) -> Float[np.ndarray, "rows columns 3"]:
    """Return the middle of `whole`, `MEASURED_SIDE` pixels at most along a side."""
    pixels = whole(image)
    rows, columns = (
        slice((side - min(side, MEASURED_SIDE)) // 2, (side + min(side, MEASURED_SIDE)) // 2)
        for side in pixels.shape[:2]
    )
    return pixels[rows, columns]


def whole(image: Image) -> Float[np.ndarray, "rows columns 3"]:
    """Return a picture in whole levels of 8 bits, a large one at the working size of cloaks."""
    pixels = image.pixels
    sides = working_size(*pixels.shape[:2])
    if sides != pixels.shape[:2]:
        pixels = cv2.resize(pixels, sides[::-1], interpolation=cv2.INTER_AREA)
    return np.rint(pixels * 255).astype(np.float32) / 255
