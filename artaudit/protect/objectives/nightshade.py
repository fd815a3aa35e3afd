"""Pulls a picture's latents to those of another concept, to poison what models learn of its caption (Nightshade).

Shan et al., "Nightshade: Prompt-Specific Poisoning Attacks on Text-to-Image Generative Models", IEEE S&P 2024,
https://arxiv.org/abs/2310.13828. Unlike the paper's, the distance is squared and relative to the spread of the clean
latents; which pictures are worth poisoning is left to the artist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from artaudit.errors import UsageError
from artaudit.protect.motifs import Motif, cover
from artaudit.protect.objective import Aim
from artaudit.protect.pull import pull
from artaudit.protocols import Encoder, Generator

Pixels = Float[Tensor, "1 3 height width"]


@dataclass(frozen=True, slots=True)
class Nightshade:
    """The latents of `anchor`, or of a photo of `concept` that the first model with a denoiser draws.

    The photo is drawn once, in `side` pixels with the seed of the authors' code, and scaled to cover the picture.
    `subject` is what the picture shows.
    """

    concept: str = "still life"
    subject: str = "painting"
    anchor: Motif | None = None
    side: int = 512
    anchor_seed: int = 123

    @property
    def needs_generator(self) -> bool:
        """Whether the anchor has to be drawn."""
        return self.anchor is None

    @property
    def caption(self) -> str:
        """The caption to publish with the picture, for models to learn the concept under it."""
        return f"a {self.subject}"

    def target(self, clean: Pixels, models: Sequence[Encoder], seed: int) -> Pixels:  # noqa: ARG002 - its own seed
        """Return the anchor in the size of `clean`; raises UsageError where none is given and no model can draw."""
        height, width = clean.shape[-2:]
        if self.anchor is not None:
            return self.anchor.fitted(height, width)
        generator = next((model for model in models if isinstance(model, Generator)), None)
        if generator is None:
            raise UsageError(
                "Nightshade needs a model with a denoiser to draw its anchor: "
                "add one with `audit models add` or give an anchor picture."
            )
        drawn = generator.generate(f"a photo of a {self.concept}", seed=self.anchor_seed, size=(self.side, self.side))
        return cover(drawn, height, width).to(clean)

    def aim(self, model: Encoder, clean: Pixels, target: Pixels | None, seed: int) -> Aim:  # noqa: ARG002 - not random
        """Return the relative squared distance to the anchor's latents."""
        return pull(model, clean, target)
