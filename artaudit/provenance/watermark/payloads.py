"""The codes that published generators hide in their pictures with invisible-watermark, and reading any of them.

Sources: https://github.com/CompVis/stable-diffusion , https://github.com/Stability-AI/stablediffusion ,
https://github.com/Stability-AI/generative-models , https://github.com/black-forest-labs/flux .
"""

from __future__ import annotations

import numpy as np
from jaxtyping import UInt

from artaudit.provenance.watermark.dwtdct import (
    BLOCK,
    DecodedCode,
    Payload,
    colour_plane,
    places,
    read_aligned,
    read_anywhere,
)

PAYLOADS = (
    Payload("Stable Diffusion 1", "".join(f"{byte:08b}" for byte in b"StableDiffusionV1")),
    Payload("Stable Diffusion 2", "".join(f"{byte:08b}" for byte in b"SDV2")),
    Payload("Stable Diffusion XL", "101100111110110010010000011110111011000110011110"),
    Payload("FLUX", "1010101111111010000111100111001111010100101110"),
)
"""FLUX's number begins with two zeros, which its writer drops."""

THRESHOLD = 4.0
"""The score from which a code is said to be there; 400 clean pictures reached 2.8 at most."""

LEAST_BLOCKS = 256
"""Fewer blocks than this carry no code often enough to be read."""


def readable(rgb: UInt[np.ndarray, "rows columns 3"]) -> bool:
    """Whether a picture is large enough to be read."""
    return (rgb.shape[0] // BLOCK) * (rgb.shape[1] // BLOCK) >= LEAST_BLOCKS


def strongest(rgb: UInt[np.ndarray, "rows columns 3"]) -> tuple[DecodedCode, bool]:
    """Return the reading that stands out most, and whether the blocks had to be searched for (a crop)."""
    plane = colour_plane(rgb)
    aligned = max((read_aligned(plane, payload) for payload in PAYLOADS), key=lambda one: one.score)
    if aligned.score >= THRESHOLD:
        return aligned, False
    found = places(plane)
    searched = max((read_anywhere(found, payload) for payload in PAYLOADS), key=lambda one: one.score)
    return (searched, True) if searched.score > aligned.score else (aligned, False)
