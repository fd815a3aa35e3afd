"""What the examinations of mimics say: three measures, recovery by each, and the words for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from artaudit.generators import pool
from artaudit.generators.opening import open_model
from artaudit.metrics import Interval
from artaudit.protect.effect import ALIKE
from artaudit.protect.trial.fine_tuning import OTHERS, Arm, MimicrySetup, Taught
from artaudit.protect.trial.judges import CHANGED, CLEAN, judges
from artaudit.protect.trial.mimicry import Examined
from artaudit.protect.trial.recovery import Recoveries, recoveries
from artaudit.protect.trial.style import BLOCK, features, judge, kernel_distances
from artaudit.protocols import Encoder

LOSS, STYLE, KERNEL = "held-out loss", "style score", "kernel distance"
NOISE = ALIKE


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure, smaller is better learned: of the untrained model, the mean of every arm, and the recovery."""

    about: str
    base: float
    arms: Mapping[str, float]
    recoveries: Recoveries

    def plain(self) -> dict[str, Any]:
        """Return what goes for the measure as a whole as JSON values."""
        worst = self.recoveries.worst
        return {
            "about": self.about,
            "base": round(self.base, 6),
            "gap": _plain(self.recoveries.gap),
            "learned": self.recoveries.learned,
            "worst": None if worst is None else {"trained_on": self.recoveries.best, **_plain(worst)},
        }


def measures(found: Taught, arms: Sequence[Arm], shared: MimicrySetup) -> dict[str, Measure]:
    """Return the three measures of all arms, the loss first."""
    encoder, about = style_encoder(shared.record)
    own = features(encoder, found.own)
    head = judge(own, features(encoder, found.strangers))
    said = f"{own.shape[1]} features of {about}"
    drawn = {id(one): features(encoder, one.drawn) for exams in (*found.arms.values(), (found.base,)) for one in exams}
    groups = [number for number, _ in shared.held_out]
    blocks = range(len(found.base.drawn) // BLOCK)
    reads: list[tuple[str, str, Sequence[int], Callable[[Examined], Float[np.ndarray, " units"]]]] = [
        (LOSS, "denoising loss on held-out clean crops", groups, lambda one: one.losses),
        (
            STYLE,
            f"log odds against being the artist's, {said}; AUC {head.auc:.2f} on kept crops",
            range(len(found.base.drawn)),
            lambda one: -head.score(drawn[id(one)]),
        ),
        (KERNEL, f"KID, {said}", blocks, lambda one: kernel_distances(drawn[id(one)], own)),
    ]
    return {name: _measure(found, arms, about, units, read, shared.seed) for name, about, units, read in reads}


def _measure(
    found: Taught,
    arms: Sequence[Arm],
    about: str,
    groups: Sequence[int],
    read: Callable[[Examined], Float[np.ndarray, " units"]],
    seed: int,
) -> Measure:
    by_arm = {name: np.stack([read(one) for one in exams]) for name, exams in found.arms.items()}
    base = np.stack([read(found.base)] * len(by_arm[CLEAN]))
    attempts = [arm.name for arm in arms if arm.kind == CHANGED]
    recovered = recoveries(base, by_arm[CLEAN], by_arm, attempts=attempts, groups=groups, seed=seed)
    return Measure(about, float(base.mean()), {name: float(one.mean()) for name, one in by_arm.items()}, recovered)


def style_encoder(mimic: pool.Record) -> tuple[Encoder, str]:
    """Return an encoder with other latents than the mimic's, hold-outs first, and its name."""
    others = [one for one in judges() if one.record.family != mimic.family] or list(judges())
    return open_model(others[0].record, denoiser=False), others[0].record.name


def upper(found: Mapping[str, Measure]) -> float | None:
    """Return the upper end of the worst recovery by any measure that clean pictures improve; None where none is."""
    return max((one.recoveries.worst.high for one in found.values() if one.recoveries.worst is not None), default=None)


def row(arm: Arm, found: Mapping[str, Measure]) -> dict[str, Any]:
    """Return what an arm reached by every measure; recoveries are None by a measure that clean pictures do not move."""
    return {
        "name": arm.name,
        "kind": arm.kind,
        "attack": arm.attack,
        "strength": arm.strength,
        "measured": {name: round(one.arms[arm.name], 6) for name, one in found.items()},
        "recovery": {
            name: _plain(one.recoveries.arms[arm.name]) if one.recoveries.learned else None
            for name, one in found.items()
        },
    }


def sentence(found: Mapping[str, Measure], shared: MimicrySetup, held_out: str, seeds: int) -> str:
    """Say what came of it, measure by measure."""
    pictures = "one picture" if len(shared.pictures) == 1 else f"{len(shared.pictures)} pictures"
    how = (
        f"Mimics of {shared.record.name}, trained {seeds} times on {pictures} and judged on "
        f"{len(shared.held_out)} crops of {held_out}."
    )
    return " ".join([how, *(_told(name, one.recoveries) for name, one in found.items())])


def _told(name: str, one: Recoveries) -> str:
    if one.worst is None:
        return f"By {name}, cannot tell: clean pictures improve it by {said(one.gap, 4)}, not surely more than nothing."
    return (
        f"By {name}, of what clean pictures teach, the cloaked ones teach {said(one.arms[Arm(CHANGED).name])}, ones "
        f"with noise that shows as much {said(one.arms[NOISE])}, and {OTHERS} {said(one.arms[OTHERS])}; with the best "
        f"of the attempts ({one.best}) a mimic recovers {said(one.worst)}."
    )


def said(one: Interval, digits: int = 2) -> str:
    """Return an interval in words."""
    return f"{one.value:.{digits}f} ({one.low:.{digits}f} to {one.high:.{digits}f})"


def _plain(one: Interval) -> dict[str, float | None]:
    return {name: round(value, 6) if np.isfinite(value) else None for name, value in asdict(one).items()}
