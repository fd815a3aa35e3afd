"""Which models a command works with: those named, else those installed, else the ones that come with artaudit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from artaudit import catalog
from artaudit.errors import ModelError, UsageError
from artaudit.generators import pool
from artaudit.generators.opening import abilities, open_model
from artaudit.protocols import Encoder

FALLBACK = (
    "No image model is installed, so this cloak was made against artaudit's own embedded autoencoders, small copies "
    "of real latent spaces. It moves real models much less than a cloak made against them: see docs/limits.md, and "
    "add one with `audit models add`."
)

DENOISER_FALLBACK = (
    "No image model with a denoiser is installed, so this cloak was made against artaudit's own embedded one, which "
    "learned from a few hundred pictures. How far it moves real models is not known: see docs/limits.md, and add one "
    "with `audit models add`."
)


@dataclass(frozen=True, slots=True)
class Choice:
    """Opened encoders, and a sentence about how they came to be chosen."""

    encoders: tuple[Encoder, ...] = field(repr=False)
    note: str


def choose(names: Sequence[str], *, needs_generator: bool = False) -> Choice:
    """Open the models called `names`; "auto" alone stands for all installed ones, else the embedded ones.

    With `needs_generator` only models with a denoiser count, and without it only their autoencoders are opened.
    Raises UsageError for a name that is not there or a model without what is needed, ModelError for a model that is
    broken or only for measuring.
    """
    own, shipped = pool.installed(pool.models_folder()), pool.embedded()
    if tuple(names) == ("auto",):
        surrogates = [record for record in own if record.use == pool.SURROGATE and abilities(record)]
        records = [record for record in surrogates if not needs_generator or _denoises(record)]
        if not records:
            return _embedded(shipped, needs_generator=needs_generator)
    else:
        records = _named(names, pool.by_name((*own, *shipped)))
    lacking = [record.name for record in records if needs_generator and not _denoises(record)]
    if lacking:
        raise UsageError(f"{lacking[0]} has no denoiser, which this method needs: choose a model that has one.")
    listed = ", ".join(f"{record.name} ({record.family})" for record in records)
    opened = tuple(open_model(record, denoiser=needs_generator) for record in records)
    unread = ", ".join(record.name for record in own if tuple(names) == ("auto",) and not abilities(record))
    left = f" Left out was {unread}: the plug-in that reads such models is not installed." if unread else ""
    return Choice(opened, f"The cloak was made against {listed}.{left}")


def _denoises(record: pool.Record) -> bool:
    return "denoiser" in abilities(record)


def _named(names: Sequence[str], known: dict[str, pool.Record]) -> list[pool.Record]:
    missing = [name for name in names if name not in known]
    if missing:
        raise UsageError(f"No model is called {missing[0]}: choose auto, {', '.join(known)}.")
    held_out = [name for name in names if known[name].use != pool.SURROGATE]
    if held_out:
        raise ModelError(f"{held_out[0]} is kept for measuring alone: choose another model to cloak against.")
    return [known[name] for name in names]


def _embedded(shipped: Sequence[pool.Record], *, needs_generator: bool) -> Choice:
    records = [record for record in shipped if _denoises(record) == needs_generator]
    if not records:
        raise UsageError("No model with a denoiser is installed, which this method needs: `audit models add` one.")
    # Encoders without a decoder were trained to be cloaked against; adding the autoencoders makes no better cloak.
    records = [record for record in records if record.kind in catalog.ENCODERS] or records
    return Choice(tuple(map(open_model, records)), DENOISER_FALLBACK if needs_generator else FALLBACK)
