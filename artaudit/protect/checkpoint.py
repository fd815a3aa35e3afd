"""The state of a descent, kept beside its result while it runs, so that it can be resumed."""

from __future__ import annotations

import hashlib
import json
import math
import time
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from artaudit.errors import ImageError
from artaudit.image import Image, write_atomically
from artaudit.protect.cloak import DescentCloak
from artaudit.protect.descent import State
from artaudit.protocols import Budget

SECONDS = 30.0
"""Seconds between two writes, at least."""

_SHARE = 20
"""At most one part in so many of the time is spent writing, however large the picture."""
_PLANES = ("change", "mean", "power")


def path_beside(target: Path) -> Path:
    """Return where the state of the descent to `target` is kept; hidden, and no picture by its name."""
    return target.with_name(f".{target.name}.partial.safetensors")


def digest(image: Image, cloak: DescentCloak, budget: Budget, seed: int) -> str:
    """Return the sha256 of everything that determines a descent; its time limit is left out."""
    models = [(model.name, model.digest) for model in cloak.models]
    towers = [] if cloak.style is None else [(cloak.style.name, cloak.style.digest)]
    makers = [str(torch.__version__), version("artaudit")]
    made_of = (image.sha256, repr(replace(cloak, seconds=None)), models, towers, repr(budget), seed, makers)
    return hashlib.sha256(repr(made_of).encode()).hexdigest()


def seed_kept(path: Path) -> int | None:
    """Return the seed of the descent that is kept there, None where there is none that can be read."""
    seed = _told(path).get("seed", "")
    return int(seed) if seed.isdecimal() else None


@dataclass(slots=True)
class Checkpoint:
    """Keeps the states of one descent in a file, and takes up what is kept there if `digest` fits."""

    path: Path
    digest: str
    seed: int
    resume: bool = False
    _due: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        """Wait with the first writing."""
        self._due = time.monotonic() + SECONDS

    def recalled(self, fresh: State) -> State:
        """Return the state that is kept of this very descent, else `fresh`; raises nothing for a damaged file."""
        if not self.resume or _told(self.path).get("digest") != self.digest:
            return fresh
        with safe_open(self.path, "pt") as file:
            names = set(file.keys())
            planes = {name: file.get_tensor(name).to(fresh.change) for name in _PLANES}
            slopes = {name: file.get_tensor(name).to(fresh.change) for name in names - set(_PLANES)}
            told = json.loads(file.metadata()["state"])
        held = [
            [
                replace(one, multiplier=multiplier, slope=slopes.get(f"slope.{part}.{number}"))
                for number, (one, multiplier) in enumerate(zip(constraints, multipliers, strict=True))
            ]
            for part, (constraints, multipliers) in enumerate(zip(fresh.held, told["multipliers"], strict=True))
        ]
        return State(planes["change"], planes["mean"], planes["power"], held, step=told["step"])

    def keep(self, state: State) -> None:
        """Write a state, if the last time is long enough ago; a disk without room ends the keeping, not the descent."""
        started = time.monotonic()
        if started < self._due:
            return
        try:
            write_atomically(self.path, self._written(state))
        except ImageError:
            self._due = math.inf
        else:
            now = time.monotonic()
            self._due = now + max(SECONDS, _SHARE * (now - started))

    def done(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)

    def _written(self, state: State) -> bytes:
        tensors = {name: getattr(state, name).contiguous() for name in _PLANES}
        for part, constraints in enumerate(state.held):
            for number, one in enumerate(constraints):
                if one.slope is not None:
                    tensors[f"slope.{part}.{number}"] = one.slope.contiguous()
        multipliers = [[one.multiplier for one in constraints] for constraints in state.held]
        told = json.dumps({"step": state.step, "multipliers": multipliers})
        return save(tensors, {"digest": self.digest, "seed": str(self.seed), "state": told})


def _told(path: Path) -> dict[str, str]:
    """Return the metadata of a file, nothing for one that is missing or damaged."""
    try:
        with safe_open(path, "pt") as file:
            return dict(file.metadata() or {})
    except (OSError, SafetensorError):
        return {}
