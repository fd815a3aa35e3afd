"""Pulls a picture's latents to those of the same picture in another style (Glaze).

Shan et al., "Glaze: Protecting Artists from Style Mimicry by Text-to-Image Models", USENIX Security 2023,
https://arxiv.org/abs/2302.04222. Unlike the paper's, the distance is relative to the spread of the clean latents,
styles are compared by colour and band statistics instead of CLIP, and without a denoiser the style is transferred
by these statistics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.protect.denoising import source
from artaudit.protect.objective import Aim
from artaudit.protect.pull import pull
from artaudit.protect.styles import STYLES, Style, statistics, transfer
from artaudit.protect.tiles import tiles
from artaudit.protocols import Encoder, Generator

Pixels = Float[Tensor, "1 3 height width"]

COMPARED = (256, 256)
"""Height and width of the examples of styles that are compared with the picture."""

FAR = (0.5, 0.75)
"""Quantiles of the distances from the picture's own style, between which the new style lies."""


@dataclass(frozen=True, slots=True)
class Glaze:
    """The latents of the picture redrawn in a style that lies far from its own, but not farthest.

    The first model with a denoiser redraws the picture, window by window, with `strength`, `guidance` and `steps`;
    where none has one, colours and bands are transferred from a drawn example.
    """

    strength: float = 0.5
    guidance: float = 7.5
    steps: int = 50

    needs_generator: ClassVar[bool] = False

    def target(self, clean: Pixels, models: Sequence[Encoder], seed: int) -> Pixels:
        """Return the picture in the other style."""
        style = far_style(clean, seed)
        generator = next((model for model in models if isinstance(model, Generator)), None)
        return transfer(clean, style) if generator is None else self._redrawn(clean, generator, style, seed)

    def aim(self, model: Encoder, clean: Pixels, target: Pixels | None, seed: int) -> Aim:  # noqa: ARG002 - not random
        """Return the relative squared distance to the target's latents."""
        return pull(model, clean, target)

    def _redrawn(self, clean: Pixels, generator: Generator, style: Style, seed: int) -> Pixels:
        """Redraw every window and put their cores together."""
        redrawn = clean.clone()
        for tile in tiles(*clean.shape[-2:]):
            window = clean[..., tile.window[0], tile.window[1]]
            drawn = generator.generate(
                style.prompt,
                seed=seed,
                start=window,
                strength=self.strength,
                guidance=self.guidance,
                steps=self.steps,
            )
            rows, columns = tile.core_in_window
            redrawn[..., tile.core[0], tile.core[1]] = drawn[..., rows, columns]
        return redrawn


def far_style(clean: Pixels, seed: int) -> Style:
    """Return one of the styles whose example lies between the `FAR` quantiles of the distances to the picture."""
    own = statistics(clean)
    distances = torch.stack([(statistics(style.example(*COMPARED)).to(own) - own).norm() for style in STYLES])
    low, high = (torch.quantile(distances, share) for share in FAR)
    far = [style for style, distance in zip(STYLES, distances, strict=True) if low <= distance <= high]
    return far[int(torch.randint(len(far), (), generator=source(seed)))]
