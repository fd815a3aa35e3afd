"""Keeps a picture from serving as a style reference: its features in CLIP's image encoder are pushed away.

Image prompts read a picture through this encoder, without any training: Ye et al., "IP-Adapter: Text Compatible Image
Prompt Adapter for Text-to-Image Diffusion Models", 2023, https://arxiv.org/abs/2308.06721.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from torch import Tensor

from artaudit.protect.objective import Aim
from artaudit.transforms import Identity, Jpeg, Rescale, Transform

Pixels = Float[Tensor, "1 3 height width"]
Seen = Float[Tensor, "batch numbers"]

EXPECTATION: tuple[Transform, ...] = (Jpeg(75), Identity(), Jpeg(75), Rescale(0.5))
"""Transforms of successive turns."""

_EMBEDDING, _TOKENS = 8.0, 0.25
"""Weights of the embedding and of the tokens, so that both contribute to the distance."""
_TINY = 1e-8


@runtime_checkable
class Tower(Protocol):
    """An image encoder such as `generators.clip.ClipVision`."""

    name: str
    digest: str

    def fitted(self, pixels: Pixels) -> Float[Tensor, "1 3 side side"]:
        """Return the middle square, as the encoder's own preprocessing cuts it."""
        ...

    def squashed(self, pixels: Pixels) -> Float[Tensor, "1 3 side side"]:
        """Return the whole picture in the encoder's size."""
        ...

    def features(self, pixels: Float[Tensor, "1 3 side side"]) -> object:
        """Return the tokens of every block and the embedding."""
        ...


@dataclass(frozen=True)
class StyleReference:
    """A loss of a cloak against an image encoder (`tower`), on the whole picture at once.

    Its slope is taken every `every` steps, and counts `weight` times as much as that of the other models.
    """

    tower: Tower = field(repr=False)
    weight: float = 0.7
    every: int = 3
    expectation: tuple[Transform, ...] = EXPECTATION

    @property
    def name(self) -> str:
        """The encoder's name with its revision."""
        return self.tower.name

    @property
    def digest(self) -> str:
        """The sha256 of the encoder's weights."""
        return self.tower.digest

    def aim(self, clean: Pixels) -> Aim:
        """Return minus the log of the mean squared distance to the features of the clean picture.

        After each round of transforms, turns alternate between the whole picture and its middle square.
        """
        origins: dict[int, Seen] = {}

        def seen(pixels: Pixels, turn: int) -> Seen:
            shown = self.expectation[turn % len(self.expectation)](pixels, turn)
            fit = self.tower.fitted if turn // len(self.expectation) % 2 else self.tower.squashed
            return represented(self.tower, fit(shown))

        def loss(moved: Pixels, step: int) -> Float[Tensor, ""]:
            turn = step % (2 * len(self.expectation))
            if turn not in origins:
                with torch.no_grad():
                    origins[turn] = seen(clean, turn)
            return -torch.log((seen(moved, turn) - origins[turn]).square().mean() + _TINY)

        return loss

    def seconds(self, clean: Pixels) -> float:
        """Return how long one evaluation of the loss and its slope takes."""
        started = time.monotonic()
        moved = clean.clone().requires_grad_()
        torch.autograd.grad(self.aim(clean)(moved, 0), moved)
        return time.monotonic() - started


class StyleTerm:
    """The loss of a `StyleReference` on one picture, as a term of its descent."""

    gain = 0.0

    def __init__(self, style: StyleReference, clean: Pixels) -> None:
        """Prepare the loss for the clean picture."""
        self.weight, self.every = style.weight, style.every
        self._aim = style.aim(clean)

    def excess(self, moved: Pixels, step: int = 0) -> Float[Tensor, ""]:
        """Return the loss under the transform of this turn."""
        return self._aim(moved, step // self.every)


def represented(tower: Tower, pixels: Float[Tensor, "1 3 side side"]) -> Seen:
    """Return the normalised embedding and the normalised tokens of the last block but one, weighted and joined."""
    features = tower.features(pixels)
    embedding = F.normalize(features.embedding, dim=-1)  # type: ignore[attr-defined]
    tokens = F.normalize(features.tokens[-2], dim=-1)  # type: ignore[attr-defined]
    return torch.cat([_EMBEDDING * embedding, _TOKENS * tokens.flatten(1)], dim=1)
