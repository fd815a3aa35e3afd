"""One trial: a picture is measured beside its original, attacked and graded; its document holds the results."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from artaudit import catalog
from artaudit.distances import ssimulacra2
from artaudit.environment import environment
from artaudit.errors import UsageError
from artaudit.generators import pool
from artaudit.generators.opening import abilities
from artaudit.protect.effect import WHITE, amplitudes
from artaudit.protect.receipt import middle, whole
from artaudit.protect.trial import uses
from artaudit.protect.trial.adaptive import Adversary, Schooling, school
from artaudit.protect.trial.estimating import estimate
from artaudit.protect.trial.grading import RULES, Outcome, grade
from artaudit.protect.trial.judges import CHANGED, CLEAN, NOISES, gains_at_equal_psnr, judges, variants
from artaudit.protect.trial.pairs import Pair
from artaudit.protect.trial.redrawing import redrawings
from artaudit.protect.trial.style_reference import style_reference
from artaudit.protect.trial.survival import Ring, Tools, plan, survive
from artaudit.protect.visibility import visibility, worst_place
from artaudit.protocols import Progress

SCHEMA = "artaudit-trial/2"
CLOAKED, NOT_CLOAKED, CANNOT_TELL = "cloaked", "not cloaked", "cannot tell"
LIMITS = (
    "Noise that shows as much is judged by SSIMULACRA2 and FLIP; another judge of pictures may find it unlike.",
    "The encoders here are small: that a cloak moves their latents is necessary for an effect on training, no more.",
    "Copies published before the cloak are not protected, and a cloak on published art cannot be renewed.",
    "Models of other families, those which edit pictures or describe them among them, were not tested.",
    "The trained attacker learns from a few dozen pictures in minutes; one who spends days removes and finds more.",
    "Attackers with large models, such as upscalers on a graphics card, are stronger than those here.",
)
UNKNOWN = (
    "Its original is not known, so nothing could be compared: name it with --original, or cloak with `audit protect`, "
    "which registers it."
)


@dataclass(frozen=True, slots=True)
class TrialOrder:
    """How pictures are tried; `attacks` are names of the catalog, "quick" or "all"; `seed` None draws one.

    With `trained`, an attacker who has this tool is trained for every picture, as `schooling` says.
    """

    attacks: tuple[str, ...] = ("quick",)
    original: Path | None = None
    trained: bool = False
    schooling: Schooling = field(default_factory=Schooling)
    seed: int | None = None
    processes: int = 2

    def __post_init__(self) -> None:
        """Raise UsageError for an attack that is not in the catalog."""
        strange = [name for name in self.attacks if name not in {*catalog.ATTACKS, "quick", "all"}]
        if strange:
            raise UsageError(f"There is no attack {strange[0]!r}: choose all, quick, {', '.join(catalog.ATTACKS)}.")


@dataclass(frozen=True, slots=True)
class Trial:
    """A picture's pair and the document about it.

    The grade is derived from `outcomes`: that of the untouched picture comes first, those of skipped attacks last.
    `tools` are the attacker's, and `sheet` is a PNG of what mimics drew.
    """

    pair: Pair
    document: dict[str, Any]
    outcomes: tuple[Outcome, ...] = ()
    tools: Tools = field(default_factory=Tools)
    sheet: bytes | None = field(default=None, repr=False)


def attempt(
    pair: Pair,
    order: TrialOrder,
    tools: Tools | None = None,
    progress: Progress | None = None,
    foretell: Callable[[float], None] | None = None,
) -> Trial:
    """Try a picture beside its original; `tools` are the attacker's, by default the first models that fit.

    `foretell` is called before the trial starts with an estimate of its seconds, without the training of an attacker.
    """
    seed = secrets.randbelow(2**31) if order.seed is None else order.seed
    document = {
        "schema": SCHEMA,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "path": pair.changed.name,
        "sha256": pair.changed.sha256,
        "width": pair.changed.width,
        "height": pair.changed.height,
        "original": None if pair.clean is None else {"source": pair.source, "sha256": pair.clean.sha256},
        "seed": seed,
        "mimicry": None,
        "rules": RULES,
        "limits": list(LIMITS),
        "environment": environment(),
    }
    tools = tools or tools_at_hand()
    adversary = school(pair, order.schooling, seed=seed, progress=progress) if order.trained else None
    if adversary is not None:
        tools = replace(tools, remover=adversary.weights)
    found, outcomes = _measured(pair, order, seed, tools, progress, foretell)
    return Trial(pair, document | found | _detected(pair, adversary, found["verdict"]), outcomes, tools)


def tools_at_hand() -> Tools:
    """Return the attacker's models: for each ability the first installed one but hold-outs, else an embedded one."""
    own = [record for record in pool.installed(pool.models_folder()) if record.use == pool.SURROGATE]
    shipped = sorted(pool.embedded(), key=lambda record: "denoiser" in abilities(record))
    records = [*own, *shipped]
    autoencoder, generator = (
        next((record for record in records if ability in abilities(record)), None)
        for ability in ("autoencoder", "denoiser")
    )
    return Tools(autoencoder, generator)


def _measured(
    pair: Pair,
    order: TrialOrder,
    seed: int,
    tools: Tools,
    progress: Progress | None,
    foretell: Callable[[float], None] | None,
) -> tuple[dict[str, Any], tuple[Outcome, ...]]:
    if pair.clean is None:
        return _verdict(CANNOT_TELL, None, (UNKNOWN,)), ()
    if pair.untouched:
        return _verdict(NOT_CLOAKED, None, (f"It has the very samples of its original, {pair.source}.",)), ()
    clean, changed = middle(pair.clean), middle(pair.changed)
    if not (clean != changed).any():
        return _verdict(NOT_CLOAKED, None, ("In 8 bits, as models are given it, it is its original.",)), ()
    panel, todo = judges(pair.receipt), plan(order.attacks, tools)
    if foretell is not None:
        foretell(estimate(clean, panel, todo, processes=order.processes))
    loudness = amplitudes(clean, changed, seed=seed, kinds=NOISES)
    ring = Ring(variants(clean, changed, loudness, seed=seed), panel, tools, seed)
    untouched, *attacks = survive(ring, todo, processes=order.processes, progress=progress)
    outcomes = (untouched, *attacks, *todo.skipped)
    return _found(pair, ring, loudness, outcomes), outcomes


def _found(pair: Pair, ring: Ring, loudness: Mapping[str, float], outcomes: tuple[Outcome, ...]) -> dict[str, Any]:
    """Return the results of a trial of a cloaked picture as JSON values, the grade and the uses first."""
    clean, changed = (image for image in (pair.clean, pair.changed) if image is not None)
    ran = [outcome for outcome in outcomes[1:] if outcome.readings]
    skipped = [outcome for outcome in outcomes if not outcome.readings]
    given, shown = grade(outcomes[0], outcomes[1:]), visibility(clean, changed)
    wholes = variants(whole(clean), whole(changed), loudness, seed=ring.seed)
    seen, drawn = style_reference(wholes, pair.receipt), redrawings(ring.pictures, ring.tools, seed=ring.seed)
    noise = ssimulacra2(ring.pictures[CLEAN], ring.pictures[WHITE])
    height, width = ring.pictures[CLEAN].shape[:2]
    return {
        **_verdict(CLOAKED, given.letter, given.because),
        "uses": [
            uses.fine_tuning(given, outcomes, mimicked=False).plain(),
            uses.style_reference(seen).plain(),
            uses.redrawing(drawn).plain(),
        ],
        "eye": uses.cost_to_the_eye(shown, noise, worst_place(wholes[CLEAN], wholes[CHANGED])),
        "visibility": shown | {"file_growth": round(len(changed.data) / len(clean.data), 4)},
        "measured_on": f"the middle {width} x {height} pixels",
        "effect": _effect(outcomes[0], ring),
        "style_reference": seen,
        "redrawing": drawn,
        "attacks": [_plain(outcome) for outcome in ran],
        "skipped": [{"attack": left.attack, "everyday": left.everyday, "why": left.why} for left in skipped],
        "worst": {"everyday": worst(ran, everyday=True), "any": worst(ran, everyday=False)},
    }


def _effect(untouched: Outcome, ring: Ring) -> dict[str, Any]:
    """Return the judges' readings of the untouched file, with the gains at equal PSNR that papers report."""
    papers = gains_at_equal_psnr(ring.panel, ring.pictures[CLEAN], ring.pictures[CHANGED], seed=ring.seed)
    plain = _plain(untouched)
    for reading in plain["readings"]:
        reading["gain_at_equal_psnr"] = round(papers[reading["judge"]], 4)
    return plain


def _detected(pair: Pair, adversary: Adversary | None, verdict: str) -> dict[str, Any]:
    """Return what the trained attacker detects; for a picture without an original a detection is the verdict."""
    if adversary is None:
        return {"detection": None}
    detection = adversary.judge(pair.changed)
    if verdict == CANNOT_TELL and detection["above"]:
        return {"detection": detection, **_verdict(CLOAKED, None, (detection["sentence"],))}
    return {"detection": detection}


def _verdict(verdict: str, letter: str | None, because: Sequence[str]) -> dict[str, Any]:
    return {"verdict": verdict, "grade": letter, "because": list(because)}


def worst(attacks: Sequence[Outcome], *, everyday: bool) -> dict[str, Any] | None:
    """Return the attack that leaves the smallest gain, as an attacker would choose it; None where none ran."""
    counting = [outcome for outcome in attacks if outcome.everyday or not everyday]
    ran = [(outcome.gain, outcome) for outcome in counting if outcome.gain is not None]
    if not ran:
        return None
    gain, chosen = min(ran, key=lambda pair: pair[0])
    return {"attack": chosen.attack, "strength": chosen.strength, "gain": round(gain, 4), "psnr_db": chosen.psnr_db}


def _plain(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as JSON values, numbers to four digits after the point."""
    plain = asdict(outcome) | {"gain": outcome.gain}
    plain.pop("why")
    plain["readings"] = [
        {key: round(value, 4) if isinstance(value, float) else value for key, value in reading.items()}
        for reading in plain["readings"]
    ]
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in plain.items()}
