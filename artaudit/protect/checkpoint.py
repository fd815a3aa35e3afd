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
"""Writing takes at most one part in so many of the time, however large the picture."""
_PLANES = ("change", "mean", "power")


def path_beside(target: Path) -> Path:
    """Return the path of the state of the descent to `target`: a hidden file, not named like a picture."""
    return target.with_name(f".{target.name}.partial.safetensors")


def digest(image: Image, cloak: DescentCloak, budget: Budget, seed: int) -> str:
    """Return the sha256 of everything that determines a descent; its time limit is left out."""
    models = [(model.name, model.digest) for model in cloak.models]
    towers = [] if cloak.style is None else [(cloak.style.name, cloak.style.digest)]
    makers = [str(torch.__version__), version("artaudit")]
    made_of = (image.sha256, repr(replace(cloak, seconds=None)), models, towers, repr(budget), seed, makers)
    return hashlib.sha256(repr(made_of).encode()).hexdigest()


def seed_kept(path: Path) -> int | None:
    """Return the seed of the descent whose state is kept at `path`, None if there is no readable one."""
    seed = _metadata(path).get("seed", "")
    return int(seed) if seed.isdecimal() else None


@dataclass(slots=True)
class Checkpoint:
    """Keeps the state of one descent in a file, and resumes from that file if its `digest` is the same."""

    path: Path
    digest: str
    seed: int
    resume: bool = False
    _due: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        """Set the time of the first write."""
        self._due = time.monotonic() + SECONDS

    def recalled(self, fresh: State) -> State:
        """Return the state that was kept of the same descent, else `fresh`, for a damaged file too."""
        if not self.resume or _metadata(self.path).get("digest") != self.digest:
            return fresh
        with safe_open(self.path, "pt") as file:
            names = set(file.keys())
            planes = {name: file.get_tensor(name).to(fresh.change) for name in _PLANES}
            slopes = {name: file.get_tensor(name).to(fresh.change) for name in names - set(_PLANES)}
            saved = json.loads(file.metadata()["state"])
        restored = [
            [
                replace(bound, multiplier=multiplier, slope=slopes.get(f"slope.{part}.{number}"))
                for number, (bound, multiplier) in enumerate(zip(constraints, multipliers, strict=True))
            ]
            for part, (constraints, multipliers) in enumerate(zip(fresh.held, saved["multipliers"], strict=True))
        ]
        return State(planes["change"], planes["mean"], planes["power"], restored, step=saved["step"])

    def keep(self, state: State) -> None:
        """Write a state if the last write was long enough ago; on a full disk writing stops, not the descent."""
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
            for number, bound in enumerate(constraints):
                if bound.slope is not None:
                    tensors[f"slope.{part}.{number}"] = bound.slope.contiguous()
        multipliers = [[bound.multiplier for bound in constraints] for constraints in state.held]
        state_json = json.dumps({"step": state.step, "multipliers": multipliers})
        return save(tensors, {"digest": self.digest, "seed": str(self.seed), "state": state_json})


def _metadata(path: Path) -> dict[str, str]:
    """Return the metadata of a file, an empty dict for a missing or damaged one."""
    try:
        with safe_open(path, "pt") as file:
            return dict(file.metadata() or {})
    except (OSError, SafetensorError):
        return {}
