"""One trial: a picture is measured beside its original, attacked and graded; the document that says so."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from artaudit import catalog
from artaudit.distances import ssimulacra2
from artaudit.errors import UsageError
from artaudit.generators import pool
from artaudit.generators.opening import abilities
from artaudit.protect.effect import WHITE, amplitudes
from artaudit.protect.receipt import environment, middle, whole
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

    With `trained`, an attacker who owns this tool is trained for every picture, as `schooling` says.
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

    `outcomes` are what the grade rests on, that of the untouched picture first and those left out last; `tools` are
    what the attacker had, and `sheet` is a PNG of what mimics drew.
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

    `foretell` is told about how many seconds the trial takes before it starts, without the training of an attacker.
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
    """Return the attacker's models: the first that is installed and no hold-out, else the first embedded one."""
    own = [one for one in pool.installed(pool.models_folder()) if one.use == pool.SURROGATE]
    shipped = sorted(pool.embedded(), key=lambda one: "denoiser" in abilities(one))
    records = [*own, *shipped]
    drawn, denoised = (
        next((one for one in records if ability in abilities(one)), None) for ability in ("autoencoder", "denoiser")
    )
    return Tools(drawn, denoised)


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
    """Return what a trial found about a cloaked picture, the grade and its uses first, as JSON values."""
    clean, changed = (image for image in (pair.clean, pair.changed) if image is not None)
    ran, skipped = [one for one in outcomes[1:] if one.readings], [one for one in outcomes if not one.readings]
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
        "attacks": [_plain(one) for one in ran],
        "skipped": [{"attack": one.attack, "everyday": one.everyday, "why": one.why} for one in skipped],
        "worst": {"everyday": worst(ran, everyday=True), "any": worst(ran, everyday=False)},
    }


def _effect(untouched: Outcome, ring: Ring) -> dict[str, Any]:
    """Return what the judges say of the untouched file, with the gains at equal PSNR that papers give beside it."""
    papers = gains_at_equal_psnr(ring.panel, ring.pictures[CLEAN], ring.pictures[CHANGED], seed=ring.seed)
    plain = _plain(untouched)
    for one in plain["readings"]:
        one["gain_at_equal_psnr"] = round(papers[one["judge"]], 4)
    return plain


def _detected(pair: Pair, adversary: Adversary | None, verdict: str) -> dict[str, Any]:
    """Return what the trained attacker suspects; of a lone picture, that decides, where it suspects anything."""
    if adversary is None:
        return {"detection": None}
    told = adversary.judge(pair.changed)
    if verdict == CANNOT_TELL and told["above"]:
        return {"detection": told, **_verdict(CLOAKED, None, (told["sentence"],))}
    return {"detection": told}


def _verdict(verdict: str, letter: str | None, because: Sequence[str]) -> dict[str, Any]:
    return {"verdict": verdict, "grade": letter, "because": list(because)}


def worst(attacks: Sequence[Outcome], *, everyday: bool) -> dict[str, Any] | None:
    """Return the attack that leaves least, as an attacker would choose it; None where none ran."""
    ran = [(one.gain, one) for one in attacks if one.gain is not None and (one.everyday or not everyday)]
    if not ran:
        return None
    gain, chosen = min(ran, key=lambda pair: pair[0])
    return {"attack": chosen.attack, "strength": chosen.strength, "gain": round(gain, 4), "psnr_db": chosen.psnr_db}


def _plain(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as JSON values, numbers to four digits after the point."""
    plain = asdict(outcome) | {"gain": outcome.gain}
    plain.pop("why")
    plain["readings"] = [
        {key: round(value, 4) if isinstance(value, float) else value for key, value in one.items()}
        for one in plain["readings"]
    ]
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in plain.items()}
