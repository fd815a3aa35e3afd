"""The results of mimics: three measures, the recovery by each, and sentences about them."""

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
    """One measure (lower is better learned): that of the untrained model, each arm's mean, and the recoveries."""

    about: str
    base: float
    arms: Mapping[str, float]
    recoveries: Recoveries

    def plain(self) -> dict[str, Any]:
        """Return the results that are not those of single arms, as JSON values."""
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
    source = f"{own.shape[1]} features of {about}"
    exams = [exam for arm_exams in (*found.arms.values(), (found.base,)) for exam in arm_exams]
    drawn = {id(exam): features(encoder, exam.drawn) for exam in exams}
    groups = [number for number, _ in shared.held_out]
    blocks = range(len(found.base.drawn) // BLOCK)
    reads: list[tuple[str, str, Sequence[int], Callable[[Examined], Float[np.ndarray, " units"]]]] = [
        (LOSS, "denoising loss on held-out clean crops", groups, lambda exam: exam.losses),
        (
            STYLE,
            f"log odds against being the artist's, {source}; AUC {head.auc:.2f} on kept crops",
            range(len(found.base.drawn)),
            lambda exam: -head.score(drawn[id(exam)]),
        ),
        (KERNEL, f"KID, {source}", blocks, lambda exam: kernel_distances(drawn[id(exam)], own)),
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
    by_arm = {name: np.stack([read(exam) for exam in exams]) for name, exams in found.arms.items()}
    base = np.stack([read(found.base)] * len(by_arm[CLEAN]))
    attempts = [arm.name for arm in arms if arm.kind == CHANGED]
    recovered = recoveries(base, by_arm[CLEAN], by_arm, attempts=attempts, groups=groups, seed=seed)
    means = {name: float(values.mean()) for name, values in by_arm.items()}
    return Measure(about, float(base.mean()), means, recovered)


def style_encoder(mimic: pool.Record) -> tuple[Encoder, str]:
    """Return an encoder with other latents than the mimic's, hold-outs first, and its name."""
    others = [judge for judge in judges() if judge.record.family != mimic.family] or list(judges())
    return open_model(others[0].record, denoiser=False), others[0].record.name


def upper(found: Mapping[str, Measure]) -> float | None:
    """Return the upper end of the worst recovery by any measure that clean pictures improve; None without one."""
    worst = [measure.recoveries.worst for measure in found.values()]
    return max((interval.high for interval in worst if interval is not None), default=None)


def row(arm: Arm, found: Mapping[str, Measure]) -> dict[str, Any]:
    """Return an arm's values and recoveries by every measure; None by a measure that clean pictures do not improve."""
    return {
        "name": arm.name,
        "kind": arm.kind,
        "attack": arm.attack,
        "strength": arm.strength,
        "measured": {name: round(measure.arms[arm.name], 6) for name, measure in found.items()},
        "recovery": {
            name: _plain(measure.recoveries.arms[arm.name]) if measure.recoveries.learned else None
            for name, measure in found.items()
        },
    }


def sentence(found: Mapping[str, Measure], shared: MimicrySetup, held_out: str, seeds: int) -> str:
    """Say what mimics recover, measure by measure."""
    pictures = "one picture" if len(shared.pictures) == 1 else f"{len(shared.pictures)} pictures"
    how = (
        f"Mimics of {shared.record.name}, trained {seeds} times on {pictures} and judged on "
        f"{len(shared.held_out)} crops of {held_out}."
    )
    return " ".join([how, *(_result(name, measure.recoveries) for name, measure in found.items())])


def _result(name: str, recoveries: Recoveries) -> str:
    if recoveries.worst is None:
        gap = in_words(recoveries.gap, 4)
        return f"By {name}, cannot tell: clean pictures improve it by {gap}, not surely more than nothing."
    cloaked, noisy, others = (in_words(recoveries.arms[arm]) for arm in (Arm(CHANGED).name, NOISE, OTHERS))
    return (
        f"By {name}, of what clean pictures teach, the cloaked ones teach {cloaked}, ones with noise that shows as "
        f"much {noisy}, and {OTHERS} {others}; with the best of the attempts ({recoveries.best}) a mimic recovers "
        f"{in_words(recoveries.worst)}."
    )


def in_words(interval: Interval, digits: int = 2) -> str:
    """Return an interval in words."""
    return f"{interval.value:.{digits}f} ({interval.low:.{digits}f} to {interval.high:.{digits}f})"


def _plain(interval: Interval) -> dict[str, float | None]:
    return {name: round(value, 6) if np.isfinite(value) else None for name, value in asdict(interval).items()}
