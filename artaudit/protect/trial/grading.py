"""The grade of a cloak, by rules that were declared before anything was measured.

All gains are over the strongest noise that is as visible as the change. Noise of any other grain has gains below 1.2,
so smaller gains mean nothing. For a gain of 1.5, noise would need 1.5 times its amplitude, which takes it from
invisible side by side (SSIMULACRA2 80) to visible (70). That latents move is necessary for an effect on training but
does not prove one, so a grade of A asks for a mimic that learns less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from artaudit.protect.trial.judges import Reading

NOISE_GAIN = 1.2
"""Up to this gain a change does no more than noise that is as visible."""
FAR_GAIN = 1.5
"""From this gain on a change does what only clearly more visible noise could do."""
RECOVERY = 0.5
"""Below this share of what a mimic learns from clean pictures, a cloak holds."""

RULES = {
    "A": "As B, and models that were trained on it, after any attack there is, learned less than half of what they "
    "learn from the original.",
    "B": "Whatever happens to the file every day (JPEG, resizing, cropping, screenshots, social media), it confuses "
    "a model that it was not made against at least 1.5 times as much as noise that shows as much.",
    "C": "After all of that it still does more than noise that shows as much, but less than 1.5 times as much, or only "
    "on models that it may have been made against.",
    "D": "It does more than noise that shows as much only while nobody touches the file; what happens to files every "
    "day undoes that, or was not tried.",
    "F": "Even on the untouched file it does no more than noise that shows as much.",
}
"""The grades from best to worst; each includes the conditions of all worse ones."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attack at one strength leaves of a cloak, by every judge; PSNR and SSIM of the attacked clean picture.

    An attack that was not carried out has no readings, and `why` says why.
    """

    attack: str
    strength: float | None
    everyday: bool
    readings: tuple[Reading, ...] = ()
    psnr_db: float | None = None
    ssim: float | None = None
    pixels_kept: float | None = None
    """The change's root mean square after the attack over that before."""
    why: str = ""

    @property
    def gain(self) -> float | None:
        """The smallest gain on the hold-outs, or without any on all judges; None for a skipped attack."""
        counting = [reading for reading in self.readings if reading.hold_out] or list(self.readings)
        return min((reading.gain for reading in counting), default=None)

    @property
    def held_out(self) -> bool:
        """Whether a hold-out judged it."""
        return any(reading.hold_out for reading in self.readings)

    @property
    def label(self) -> str:
        """The attack with its strength, as it stands in a sentence."""
        return self.attack if self.strength is None else f"{self.attack} {self.strength:g}"


@dataclass(frozen=True, slots=True)
class Grade:
    """A letter of `RULES` and the reasons for it, first those that keep it from a better one."""

    letter: str
    because: tuple[str, ...]


def grade(
    untouched: Outcome, attacks: Sequence[Outcome], recovery_upper: float | None = None, lacking: Sequence[str] = ()
) -> Grade:
    """Grade a cloak; what was not measured never counts in its favour.

    `recovery_upper` is the upper end of the interval of mimicry recovery in the worst case over all attacks, None
    where no mimic was trained or none learned. `lacking` are sentences about what the mimics did not cover.
    """
    if untouched.gain is None or untouched.gain <= NOISE_GAIN:
        return Grade("F", (f"Untouched, it moves latents {_said(untouched.gain)} as far as noise that shows as much.",))
    everyday = [outcome for outcome in attacks if outcome.everyday]
    for letter, reasons in (
        ("D", _against_c(everyday)),
        ("C", _against_b(untouched, everyday)),
        ("B", _against_a(attacks, recovery_upper, lacking)),
    ):
        if reasons:
            return Grade(letter, reasons)
    return Grade("A", (f"A mimic recovers at most {recovery_upper:.2f} of what clean pictures teach.",))


def weakest(outcomes: Sequence[Outcome]) -> Outcome | None:
    """Return the outcome with the smallest gain, None where none was carried out."""
    return min((outcome for outcome in outcomes if outcome.gain is not None), key=_gain, default=None)


def _against_c(everyday: Sequence[Outcome]) -> tuple[str, ...]:
    reasons = []
    worst = weakest(everyday)
    if worst is not None and _gain(worst) <= NOISE_GAIN:
        reasons.append(f"An everyday edit undoes it: {_after(worst)}")
    if not everyday or any(outcome.gain is None for outcome in everyday):
        names = sorted({outcome.attack for outcome in everyday if outcome.gain is None}) or ["all of them"]
        reasons.append(f"Everyday edits were left out: {', '.join(names)}.")
    return tuple(reasons)


def _against_b(untouched: Outcome, everyday: Sequence[Outcome]) -> tuple[str, ...]:
    reasons = []
    worst = weakest(everyday)
    left = (
        "" if worst is None else f" No everyday edit undoes it; the worst, {worst.label}, leaves {_said(worst.gain)}."
    )
    if not untouched.held_out:
        reasons.append(
            "It was judged only by models that it may have been made against, which hardly counts: install one that "
            f"is kept for measuring (`audit models add --hold-out`).{left}"
        )
    elif worst is not None and _gain(worst) < FAR_GAIN:
        reasons.append(f"An everyday edit weakens it: {_after(worst)}")
    return tuple(reasons)


def _against_a(attacks: Sequence[Outcome], recovery_upper: float | None, lacking: Sequence[str]) -> tuple[str, ...]:
    reasons = [*lacking]
    skipped = sorted({outcome.attack for outcome in attacks if outcome.gain is None})
    if recovery_upper is None and not lacking:
        reasons.append("No mimic was trained (--mimicry), so nothing is known about what one would learn.")
    elif recovery_upper is not None and recovery_upper >= RECOVERY:
        reasons.append(f"A mimic recovers up to {recovery_upper:.2f} of what clean pictures teach.")
    if skipped:
        reasons.append(f"Attacks were left out: {', '.join(skipped)}.")
    return tuple(reasons)


def _after(outcome: Outcome) -> str:
    return f"after {outcome.label} it does {_said(outcome.gain)} as much as noise that shows as much."


def _gain(outcome: Outcome) -> float:
    return float("inf") if outcome.gain is None else outcome.gain


def _said(gain: float | None) -> str:
    return "not known how" if gain is None else f"{gain:.2f} times"
