"""The receipt of a cloak: what went in, what came out, how it was made and what it did, as plain JSON values."""

from __future__ import annotations

import math
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float

from artaudit import distances
from artaudit.image import Image
from artaudit.protect.cloak import working_size
from artaudit.protect.effect import effect
from artaudit.protect.limits import LEVELS
from artaudit.protocols import Cloaked, Encoder

SCHEMA = "artaudit-receipt/1"
LIMITS = (
    "The effect is measured on the very models the cloak was made against; other models move less.",
    "A cloak raises the cost of learning from a picture, no more; noise followed by denoising removes most of it.",
    "Copies published before are not protected.",
)


def receipt(image: Image, saved: Image, cloaked: Cloaked, encoders: Sequence[Encoder], note: str) -> dict[str, Any]:
    """Describe the cloaked file `saved` made from `image`; `note` says how the models were chosen.

    Visibility is measured on the saved file: L-infinity in [0, 1], PSNR in dB (None when nothing changed), SSIM,
    mean and 95th percentile of CIEDE2000.
    """
    return {
        "schema": SCHEMA,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "method": cloaked.method,
        "seed": cloaked.seed,
        "budget": {
            "linf": cloaked.budget.linf,
            "levels_of_255": cloaked.budget.levels,
            "rms": cloaked.budget.rms,
        },
        "models": [{"name": name, "digest": digest} for name, digest in cloaked.models],
        "models_note": note,
        "input": _describe(image),
        "output": _describe(saved),
        "visibility": visibility(image, saved),
        "file_growth": len(saved.data) / len(image.data),
        "effect": [_effect(encoder, image, saved) for encoder in encoders],
        "limits": list(LIMITS),
        "environment": environment(),
    }


def visibility(image: Image, saved: Image) -> dict[str, float | None]:
    """Measure how far the saved picture can be told from the original."""
    one, other = image.pixels, saved.pixels
    colour = distances.delta_e(one, other)
    ratio = distances.psnr(one, other)
    return {
        "linf": round(distances.linf(image.samples, saved.samples), 6),
        "psnr_db": None if math.isinf(ratio) else round(ratio, 3),
        "ssim": round(distances.ssim(one, other), 5),
        "delta_e_mean": round(float(colour.mean()), 4),
        "delta_e_p95": round(float(np.percentile(colour, 95)), 4),
    }


def environment() -> dict[str, str]:
    """Name the versions that a repetition needs."""
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        **{name: version(name) for name in ("artaudit", "torch", "numpy", "pillow")},
    }


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
"""Pixels along each side of the middle that effects are measured on, at most."""


def _effect(encoder: Encoder, image: Image, saved: Image) -> dict[str, Any]:
    """Measure on the middle of the picture, 512 pixels at most along a side, so that size costs nothing.

    Large pictures are measured at the size they were worked on.
    """
    before, after = (middle(one) for one in (image, saved))
    measured = effect(encoder, before, after)
    return {
        "model": measured.encoder,
        "displacement": round(measured.displacement, 5),
        "white_noise_of_equal_psnr": round(measured.white_noise, 5),
        "low_pass_noise_of_equal_psnr": round(measured.low_pass_noise, 5),
        "gain_over_noise": round(measured.gain, 3),
    }


def middle(image: Image) -> Float[np.ndarray, "rows columns 3"]:
    """Return the middle of a picture in whole levels of 8 bits, `MEASURED_SIDE` pixels at most along a side.

    Large pictures are shrunk first to the size at which cloaks work on them.
    """
    pixels = image.pixels
    sides = working_size(*pixels.shape[:2])
    if sides != pixels.shape[:2]:
        pixels = cv2.resize(pixels, sides[::-1], interpolation=cv2.INTER_AREA)
    rows, columns = (
        slice((side - min(side, MEASURED_SIDE)) // 2, (side + min(side, MEASURED_SIDE)) // 2) for side in sides
    )
    return np.rint(pixels[rows, columns] * LEVELS).astype(np.float32) / LEVELS
