"""The codes that published generators hide with invisible-watermark, and the strongest of them in a picture.

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
"""The published codes; FLUX's number begins with two zeros, which its encoder drops."""

THRESHOLD = 4.0
"""The least score of a code that counts as found; 400 clean pictures reached at most 2.8."""

LEAST_BLOCKS = 256
"""Least number of blocks in which codes repeat often enough to be read."""


def readable(rgb: UInt[np.ndarray, "rows columns 3"]) -> bool:
    """Whether a picture is large enough to be read."""
    return (rgb.shape[0] // BLOCK) * (rgb.shape[1] // BLOCK) >= LEAST_BLOCKS


def strongest(rgb: UInt[np.ndarray, "rows columns 3"]) -> tuple[DecodedCode, bool]:
    """Return the code with the highest score, and whether its blocks had to be searched for, as in a crop."""
    plane = colour_plane(rgb)
    aligned = max((read_aligned(plane, payload) for payload in PAYLOADS), key=_score)
    if aligned.score >= THRESHOLD:
        return aligned, False
    leanings_by_offset = places(plane)
    searched = max((read_anywhere(leanings_by_offset, payload) for payload in PAYLOADS), key=_score)
    return (searched, True) if searched.score > aligned.score else (aligned, False)


def _score(code: DecodedCode) -> float:
    return code.score
