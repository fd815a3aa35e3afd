"""The protocol of a cloak's objective: the few calls with which one descent loop serves every published method."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from artaudit.protocols import Encoder, Generator

Pixels = Float[Tensor, "1 3 height width"]


@runtime_checkable
class Aim(Protocol):
    """A loss, to be minimised, of the moved pixels that one model sees at one step of the descent."""

    def __call__(self, moved: Pixels, step: int) -> Float[Tensor, ""]:
        """Return the loss, differentiable; the same step draws the same random numbers."""
        ...


@runtime_checkable
class Objective(Protocol):
    """What a cloak optimises against a model; one file each, settings in the constructor."""

    @property
    def needs_generator(self) -> bool:
        """Whether the models, or for a drawn target one of them, must have a denoiser."""
        ...

    def target(self, clean: Pixels, models: Sequence[Encoder], seed: int) -> Pixels | None:
        """Return the whole picture to be pulled towards, of the size of `clean`, or None; called once per picture.

        Raises UsageError where a model lacks what the objective needs.
        """
        ...

    def aim(self, model: Encoder, clean: Pixels, target: Pixels | None, seed: int) -> Aim:
        """Return the loss against one model; `clean` and `target` are the same window under the same transform."""
        ...


@runtime_checkable
class Learning(Objective, Protocol):
    """An objective whose surrogate models learn while the cloak is made."""

    def surrogate(self, model: Generator, clean: Pixels, seed: int) -> Generator:
        """Return a copy of the model that may be trained; the weights of `model` itself never change."""
        ...

    def learn(self, surrogate: Generator, clean: Pixels, moved: Pixels, step: int, seed: int) -> None:
        """Train the surrogate, if its schedule says so before descent step `step`; `moved` is the whole picture."""
        ...
