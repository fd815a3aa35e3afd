"""Pulls latents to those of high-contrast lettering and raises the denoising loss (Mist, first version).

Liang and Wu, "Mist: Towards Improved Adversarial Examples for Diffusion Models", 2023,
https://arxiv.org/abs/2305.12683. Unlike the paper's, both terms are means relative to their spread; `weight` is
still the paper's, who added it to a sum over the 4 x 64 x 64 latents of a picture of 512 pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.errors import UsageError
from artaudit.protect.denoising import as_generator
from artaudit.protect.motifs import Lettering, Motif
from artaudit.protect.objective import Aim
from artaudit.protect.objectives.advdm import AdvDM
from artaudit.protect.pull import pull
from artaudit.protocols import Encoder

Pixels = Float[Tensor, "1 3 height width"]

MODES = ("semantic", "textural", "fused")

PAPER_LATENTS = 4 * 64 * 64
"""Numbers over which the paper sums its textural term."""


@dataclass(frozen=True, slots=True)
class Mist:
    """The denoising loss (semantic), the latents of `motif` (textural), or both (fused).

    At the default `weight`, the denoising loss counts 1e4 / 16384 = 0.61 times the pull. Raises UsageError for
    another mode.
    """

    mode: str = "fused"
    weight: float = 1e4
    prompt: str = "a painting"
    motif: Motif = field(default_factory=Lettering)

    def __post_init__(self) -> None:
        """Refuse unknown modes."""
        if self.mode not in MODES:
            raise UsageError(f"Mist has no mode {self.mode!r}: choose one of {', '.join(MODES)}.")

    @property
    def needs_generator(self) -> bool:
        """Whether the denoising loss takes part."""
        return self.mode != "textural"

    def target(self, clean: Pixels, models: Sequence[Encoder], seed: int) -> Pixels | None:  # noqa: ARG002 - not random
        """Return the motif in the size of `clean`; raises UsageError where a needed denoiser is missing."""
        if self.needs_generator:
            for model in models:
                as_generator(model, f"Mist in its {self.mode} mode")
        return None if self.mode == "semantic" else self.motif.fitted(*clean.shape[-2:])

    def aim(self, model: Encoder, clean: Pixels, target: Pixels | None, seed: int) -> Aim:
        """Return the weighted sum of the mode's terms."""
        terms: list[tuple[float, Aim]] = []
        if self.mode != "textural":
            share = self.weight / PAPER_LATENTS if self.mode == "fused" else 1.0
            terms.append((share, AdvDM(self.prompt).aim(model, clean, None, seed)))
        if self.mode != "semantic":
            terms.append((1.0, pull(model, clean, target)))

        def loss(moved: Pixels, step: int) -> Float[Tensor, ""]:
            return torch.stack([share * term(moved, step) for share, term in terms]).sum()

        return loss
