"""Shows a picture while it is cloaked: as it stands now, before it is held to its budget."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import UInt8

from artaudit.image import Image
from artaudit.protect.cloak import as_seen, resized, working_size
from artaudit.protect.descent import Keeper, State
from artaudit.tensors import to_array, to_batch

SECONDS = 1.5
"""Seconds between two pictures, at least."""

Watch = Callable[[UInt8[np.ndarray, "height width 3"]], None]


@dataclass(slots=True)
class Onlooker:
    """Keeps the state of a descent as `keeper` does, and shows the picture to `watch` now and then."""

    keeper: Keeper
    image: Image = field(repr=False)
    watch: Watch
    _due: float = field(init=False, default=0.0)

    def recalled(self, fresh: State) -> State:
        """Return the state that the keeper recalls."""
        return self.keeper.recalled(fresh)

    def keep(self, state: State) -> None:
        """Hand a state on, and show the picture if the last one was long enough ago."""
        self.keeper.keep(state)
        if time.monotonic() < self._due:
            return
        size = working_size(self.image.height, self.image.width)
        alpha = None if self.image.alpha is None else resized(to_batch(self.image.alpha), size)
        moved = as_seen((resized(to_batch(self.image.samples), size) + state.change).clamp(0, 1), alpha)
        self.watch(np.rint(to_array(moved) * 255).astype(np.uint8))
        self._due = time.monotonic() + SECONDS
