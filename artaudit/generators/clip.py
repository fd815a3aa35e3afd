"""CLIP's image encoder, the features that image prompts and many classifiers use, differentiable.

Radford et al., "Learning Transferable Visual Models From Natural Language Supervision",
https://arxiv.org/abs/2103.00020
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from torch import Tensor

from artaudit.errors import ModelError, UsageError
from artaudit.generators import pool
from artaudit.generators.folders import device, like
from artaudit.generators.packing import unpacked
from artaudit.generators.state_dicts import Uninitialised, fill, read_tensors, short
from artaudit.generators.vision_transformer import Shape, VisionTransformer

SIDE = 224
"""Height and width of the picture that the tower sees."""

MEAN = (0.48145466, 0.4578275, 0.40821073)
DEVIATION = (0.26862954, 0.26130258, 0.27577711)
"""Mean and standard deviation of red, green and blue that the tower was trained with."""

VARIABLE = "ARTAUDIT_BACKBONE"
BACKBONE, NONE = "clip-vit-b16", "none"
"""Values of the variable; unset or empty means the first."""


@dataclass(frozen=True, slots=True)
class ClipFeatures:
    """Features of a batch of pictures."""

    tokens: tuple[Float[Tensor, "batch 197 768"], ...] = field(repr=False)
    """The hidden states after each of the 12 blocks: the class token, then 14 x 14 patches by rows."""
    embedding: Float[Tensor, "batch 512"] = field(repr=False)
    """The projected class token, as CLIP compares it with texts, but not brought to length 1."""


class ClipVision:
    """The image tower of CLIP ViT-B/16, frozen, in float32; on a GPU where there is one."""

    def __init__(self, path: Path, *, name: str, family: str = "CLIP") -> None:
        """Read a safetensors file of plain or packed weights; the name gets the first 12 digits of its sha256.

        Raises ModelError where the file is missing, broken or of another layout.
        """
        state, self.digest = read_tensors(path)
        with Uninitialised():
            empty = VisionTransformer(Shape())
        self._network = fill(empty, unpacked(state, path), path, assign=True).to(device())
        self.name, self.family = f"{name}@{short(self.digest)}", family

    def fitted(self, pixels: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 224 224"]:
        """Return the middle square of pixels in [0, 1] at 224 x 224, as CLIP's own preprocessing does.

        The shorter side becomes 224, bicubic with antialiasing, and the longer one is cropped.
        """
        height, width = pixels.shape[-2:]
        shorter = min(height, width)
        rows, columns = SIDE * height // shorter, SIDE * width // shorter
        top, left = (rows - SIDE) // 2, (columns - SIDE) // 2
        return _resized(pixels, rows, columns)[..., top : top + SIDE, left : left + SIDE]

    def squashed(self, pixels: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 224 224"]:
        """Return the whole of pixels in [0, 1] at 224 x 224, whatever their proportions; bicubic, antialiased."""
        return _resized(pixels, SIDE, SIDE)

    def features(self, pixels: Float[Tensor, "batch 3 224 224"]) -> ClipFeatures:
        """Return the features of pixels in [0, 1], on the device of the pixels; gradients reach the pixels."""
        mean, deviation = (pixels.new_tensor(values)[:, None, None] for values in (MEAN, DEVIATION))
        tokens, embedding = self._network(like((pixels - mean) / deviation, self._network))
        return ClipFeatures(tuple(state.to(pixels) for state in tokens), embedding.to(pixels))


def backbone() -> ClipVision | None:
    """Return the tower that comes with artaudit, opened once; None where ARTAUDIT_BACKBONE says "none".

    Raises UsageError for any other word there but "clip-vit-b16", ModelError where the tower is not intact.
    """
    return _opened() if wanted() else None


def wanted() -> bool:
    """Tell whether the tower may be used; raises UsageError where ARTAUDIT_BACKBONE says something unknown."""
    chosen = os.environ.get(VARIABLE) or BACKBONE
    if chosen not in (BACKBONE, NONE):
        raise UsageError(f"{VARIABLE} is {chosen!r}: set it to {BACKBONE} or {NONE}, or leave it unset.")
    return chosen == BACKBONE


@cache
def _opened() -> ClipVision:
    records = [record for record in pool.backbones() if record.name == BACKBONE]
    if not records:
        raise ModelError(f"{BACKBONE} did not come with this artaudit: install it again or set {VARIABLE}={NONE}.")
    records[0].verify()
    return ClipVision(*records[0].paths, name=BACKBONE, family=records[0].family)


def _resized(pixels: Tensor, rows: int, columns: int) -> Float[Tensor, "batch 3 rows columns"]:
    return F.interpolate(pixels, (rows, columns), mode="bicubic", antialias=True).clamp(0, 1)
