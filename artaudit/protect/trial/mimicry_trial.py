"""A trial by mimicry: mimics learn from clean, noisy, cloaked and attacked pictures, and what they recover is graded.

After Hönig et al., ICLR 2025, https://arxiv.org/abs/2406.12027: the attacker chooses the attack that works best.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from artaudit import catalog
from artaudit.errors import UsageError
from artaudit.generators import pool
from artaudit.generators.opening import abilities
from artaudit.image import read
from artaudit.protect.effect import amplitudes
from artaudit.protect.receipt import middle
from artaudit.protect.trial import uses
from artaudit.protect.trial.contact_sheet import sheet
from artaudit.protect.trial.fine_tuning import BASE, OTHERS, Arm, MimicrySetup, generator, taught
from artaudit.protect.trial.grading import grade
from artaudit.protect.trial.judges import CHANGED, CLEAN, variants
from artaudit.protect.trial.measures import LOSS, NOISE, Measure, measures, row, sentence, upper
from artaudit.protect.trial.mimicry import LARGE, Part, Practice, kept_apart, learned_from, side_of, spread, tiles
from artaudit.protect.trial.run import CLOAKED, Trial
from artaudit.protocols import Progress

QUICK = ("jpeg", "blur", "noise-denoise", "diffpure")
"""Attacks of the default order, each at its strongest: an edit, a filter and two purifiers."""
FEWEST = 3
"""Least training runs for a recovery to count."""

FEWEST_CROPS = 5
"""Least clean crops for a style judge to be fitted."""


@dataclass(frozen=True, slots=True)
class MimicryOrder:
    """How mimics are trained: on the model of this name, `seeds` times, and examined on `held_out` pictures.

    `held_out` are other pictures of the artist, `attacks` those before training. None for `model` and `practice`
    chooses by whether there is a GPU.
    """

    model: str | None = None
    seeds: int = FEWEST
    held_out: tuple[Path, ...] = ()
    attacks: tuple[str, ...] = ("quick",)
    processes: int = 2
    practice: Practice | None = None


def ensure_possible(order: MimicryOrder) -> None:
    """Raise UsageError or ImageError if the model or a held-out picture of an order cannot be opened."""
    chosen_model(order.model)
    for path in order.held_out:
        read(path)


def imitated(trials: Sequence[Trial], order: MimicryOrder, progress: Progress | None = None) -> list[Trial]:
    """Let mimics learn from all cloaked pictures of `trials` together; return the trials graded by what they recover.

    Raises UsageError where there is no model or no large enough picture to learn from.
    """
    cloaked = [trial for trial in trials if trial.document["verdict"] == CLOAKED and trial.outcomes]
    if not cloaked:
        return list(trials)
    started = time.monotonic()
    shared = _setup(cloaked, order)
    arms, left_out = _arms(order.attacks, cloaked)
    found = taught(shared, arms, order.seeds, processes=order.processes, progress=progress)
    results = measures(found, arms, shared)
    record = _document(results, arms, shared, order)
    record |= {"left_out": left_out, "seconds": round(time.monotonic() - started, 1)}
    lacking = lacking_for_a(record, order)
    rows = [(BASE, found.base), *((name, exams[0]) for name, exams in found.arms.items())]
    page = sheet(rows, shared.practice.prompt)
    tried, highest = {id(trial) for trial in cloaked}, upper(results)
    return [_graded(trial, record, highest, lacking, page) if id(trial) in tried else trial for trial in trials]


def chosen_model(name: str | None) -> pool.Record:
    """Return the model that mimics start from: `name`, else an installed one if there is a GPU, else the embedded one.

    Of the installed ones hold-outs come first, since the cloak was not made against them.
    """
    able = [record for record in pool.available() if "denoiser" in abilities(record)]
    if name is not None:
        known = pool.by_name(able)
        if name not in known:
            raise UsageError(f"No model with a denoiser is called {name}: choose {', '.join(known)}.")
        return known[name]
    shipped = [record for record in able if record in pool.embedded()]
    own = [record for record in able if record not in shipped]
    fitting = sorted(own, key=lambda record: record.use != pool.HOLD_OUT) if torch.cuda.is_available() else []
    return [*fitting, *shipped][0]


def _setup(cloaked: Sequence[Trial], order: MimicryOrder) -> MimicrySetup:
    record = chosen_model(order.model)
    embedded = record in pool.embedded()
    practice = order.practice or (Practice() if embedded else LARGE)
    seed = int(cloaked[0].document["seed"])
    known = [trial.pair for trial in cloaked]
    pairs = [(middle(pair.clean), middle(pair.changed)) for pair in known if pair.clean is not None]
    pictures = tuple(_taught_from(clean, changed, seed) for clean, changed in pairs)
    apart = not order.held_out
    others = [kept_apart(clean) for clean, _ in pairs] if apart else [middle(read(path)) for path in order.held_out]
    learned = [learned_from(clean) if apart else clean for clean, _ in pairs]
    side = side_of(learned, others, generator(record).factor, practice.side)
    crops = held_out_crops(others, side, practice.crops)
    if sum(len(tiles(clean, side)) for clean, _ in pairs) < FEWEST_CROPS:
        raise UsageError(f"A style shows in {FEWEST_CROPS} crops of {side} pixels or more: give more pictures.")
    tools = tuple(trial.tools for trial in cloaked)
    return MimicrySetup(record, practice, pictures, tools, crops, side, apart, seed)


def _taught_from(clean: Part, changed: Part, seed: int) -> dict[str, Part]:
    """Return the clean picture, the changed one, and noise that is like the change and as visible."""
    loudness = amplitudes(clean, changed, seed=seed, kinds=(NOISE,))
    return variants(clean, changed, loudness, seed=seed)


def held_out_crops(others: Sequence[Part], side: int, most: int) -> tuple[tuple[int, Part], ...]:
    """Return crops with the number of each crop's picture; crops of a single picture are numbered themselves."""
    cut = [(number, crop) for number, picture in enumerate(others) for crop in tiles(picture, side)]
    chosen = [cut[place] for place in spread(len(cut), most)]
    if len(others) == 1:
        return tuple((number, crop) for number, (_, crop) in enumerate(chosen))
    return tuple(chosen)


def _arms(chosen: Sequence[str], cloaked: Sequence[Trial]) -> tuple[list[Arm], list[str]]:
    """Return the arms of mimics, and the names of the attacks that no arm is trained after."""
    wanted = {name for name in catalog.ATTACKS if name in chosen or "all" in chosen}
    wanted |= set(QUICK) if "quick" in chosen else set()
    axes = {name: catalog.load(catalog.ATTACKS, name) for name in catalog.ATTACKS}
    run = [
        name
        for name, axis in axes.items()
        if name in wanted and not any(trial.tools.lacking(axis) for trial in cloaked)
    ]
    arms = [Arm(CLEAN), Arm(OTHERS), Arm(NOISE), Arm(CHANGED)]
    arms += [Arm(kind, name, axes[name].strengths[-1]) for name in run for kind in (CHANGED, CLEAN)]
    return arms, [name for name in axes if name not in run]


def lacking_for_a(record: Mapping[str, Any], order: MimicryOrder) -> tuple[str, ...]:
    """Return the reasons why the recovery in a trial's record does not count for the best grade."""
    reasons = []
    if not record["measures"][LOSS]["learned"]:
        reasons.append(f"By {LOSS}, mimics learned no more from clean pictures than may be chance.")
    if record["left_out"]:
        reasons.append(f"No mimic learned after these attacks: {', '.join(record['left_out'])}.")
    if record["model"]["use"] != pool.HOLD_OUT:
        name = record["model"]["name"]
        reasons.append(f"The mimics' model, {name}, is none kept for measuring (`audit models add --hold-out`).")
    if order.seeds < FEWEST:
        reasons.append(f"Mimics were trained {order.seeds} times; less than {FEWEST} is too few.")
    return tuple(reasons)


def _graded(
    trial: Trial, record: dict[str, Any], recovery_upper: float | None, lacking: tuple[str, ...], page: bytes
) -> Trial:
    given = grade(trial.outcomes[0], trial.outcomes[1:], recovery_upper, lacking)
    trained = uses.fine_tuning(given, trial.outcomes, mimicked=True).plain()
    others = [use for use in trial.document["uses"] if use["use"] != uses.FINE_TUNING]
    changed = {"mimicry": record, "grade": given.letter, "because": list(given.because), "uses": [trained, *others]}
    return replace(trial, document=trial.document | changed, sheet=page)


def _document(
    found: Mapping[str, Measure], arms: Sequence[Arm], shared: MimicrySetup, order: MimicryOrder
) -> dict[str, Any]:
    """Return the record of a trial of mimicry as JSON values."""
    count = len(shared.pictures)
    held_out = "the right quarter of the same pictures" if shared.apart else f"{len(order.held_out)} other pictures"
    return {
        "model": {"name": shared.record.name, "digest": shared.record.digest, "use": shared.record.use},
        "practice": asdict(shared.practice),
        "pictures": count,
        "side": shared.side,
        "seeds": order.seeds,
        "held_out": {"what": held_out, "crops": len(shared.held_out)},
        "noise": NOISE,
        "measures": {name: measure.plain() for name, measure in found.items()},
        "rows": [row(arm, found) for arm in arms],
        "sentence": sentence(found, shared, held_out, order.seeds),
    }
