"""The grade of a cloak, by rules that were declared before anything was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from artaudit.auditor.trial.judges import Reading

NOISE_GAIN = 1.2
"""Up to this gain a change does no more than noise of equal PSNR."""
RECOVERY = 0.5
"""Below this share of what a mimic learns from clean pictures, a cloak holds."""

RULES = {
    "A": "Worst-case mimicry recovery, at the upper end of its interval, is below .5 after every attack there is, "
    "by a model kept for measuring.",
    "B": "The gain stays above 1.2 after all everyday edits (JPEG, resizing, cropping, screenshots, social media).",
    "C": "The gain is above 1.2 only while nobody touches the file.",
    "F": "The gain is 1.2 or less on the untouched file: no better than plain noise.",
}
"""The grades from best to worst; each asks for all that the worse ones ask for."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attack at one strength leaves of a cloak, by every judge; PSNR and SSIM of the attacked clean picture.

    No readings stand for an attack that was not carried out, and `why` says why.
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
        """The smallest gain that counts: on hold-outs where there are any, else on any judge; None when skipped."""
        counting = [one for one in self.readings if one.hold_out] or list(self.readings)
        return min((one.gain for one in counting), default=None)

    @property
    def held_out(self) -> bool:
        """Whether a hold-out judged it."""
        return any(one.hold_out for one in self.readings)


@dataclass(frozen=True, slots=True)
class Grade:
    """A letter of `RULES` and the sentences that led to it."""

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
        return Grade("F", (f"Untouched, it moves latents {_said(untouched.gain)} as far as noise of equal PSNR.",))
    lacking_b = _against_b(untouched, attacks)
    if lacking_b:
        return Grade("C", lacking_b)
    lacking_a = _against_a(attacks, recovery_upper, lacking)
    if lacking_a:
        return Grade("B", lacking_a)
    return Grade("A", (f"A mimic recovers at most {recovery_upper:.2f} of what clean pictures teach.",))


def _against_b(untouched: Outcome, attacks: Sequence[Outcome]) -> tuple[str, ...]:
    everyday = [one for one in attacks if one.everyday]
    reasons = []
    if not untouched.held_out:
        reasons.append("No hold-out encoder is installed (`audit models add --hold-out`), so no more than C.")
    if not everyday or any(one.gain is None for one in everyday):
        names = sorted({one.attack for one in everyday if one.gain is None}) or ["all of them"]
        reasons.append(f"Everyday edits were left out: {', '.join(names)}.")
    lost = [one for one in everyday if one.gain is not None and one.gain <= NOISE_GAIN]
    if lost:
        worst = min(lost, key=_gain)
        strength = "" if worst.strength is None else f" {worst.strength:g}"
        reasons.append(f"After {worst.attack}{strength} it does {_said(worst.gain)} as much as noise of equal PSNR.")
    return tuple(reasons)


def _against_a(attacks: Sequence[Outcome], recovery_upper: float | None, lacking: Sequence[str]) -> tuple[str, ...]:
    reasons = [*lacking]
    skipped = sorted({one.attack for one in attacks if one.gain is None})
    if skipped:
        reasons.append(f"Attacks were left out: {', '.join(skipped)}.")
    if recovery_upper is None and not lacking:
        reasons.append("No mimic was trained (--mimicry), so nothing is known about what one would learn.")
    elif recovery_upper is not None and recovery_upper >= RECOVERY:
        reasons.append(f"A mimic recovers up to {recovery_upper:.2f} of what clean pictures teach.")
    return tuple(reasons)


def _gain(outcome: Outcome) -> float:
    return float("inf") if outcome.gain is None else outcome.gain


def _said(gain: float | None) -> str:
    return "not known how" if gain is None else f"{gain:.2f} times"
