"""Which models a verb works with: those named, else those installed, else the ones that come with artaudit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from inspect import signature

from artaudit import catalog
from artaudit.errors import ModelError, UsageError
from artaudit.generators import pool
from artaudit.protocols import Encoder

FALLBACK = (
    "No image model is installed, so this cloak was made against artaudit's own embedded autoencoders, small copies "
    "of real latent spaces. It moves real models much less than a cloak made against them: see docs/limits.md, and "
    "add one with `audit models add`."
)


@dataclass(frozen=True, slots=True)
class Choice:
    """Opened encoders, and a sentence about how they came to be chosen."""

    encoders: tuple[Encoder, ...] = field(repr=False)
    note: str


def choose(names: Sequence[str]) -> Choice:
    """Open the models called `names`; "auto" alone stands for all installed ones, else the embedded ones.

    Raises UsageError for a name that is not there, ModelError for a model that is broken or only for measuring.
    """
    own, shipped = pool.installed(pool.models_folder()), pool.embedded()
    if tuple(names) == ("auto",):
        records = [record for record in own if record.use == pool.SURROGATE]
        if not records:
            return Choice(tuple(map(open_model, shipped)), FALLBACK)
    else:
        known = {record.name: record for record in (*shipped, *own)}
        missing = [name for name in names if name not in known]
        if missing:
            raise UsageError(f"No model is called {missing[0]}: choose auto, {', '.join(known)}.")
        records = [known[name] for name in names]
    held_out = [record.name for record in records if record.use != pool.SURROGATE]
    if held_out:
        raise ModelError(f"{held_out[0]} is kept for measuring alone: choose another model to cloak against.")
    said = ", ".join(f"{record.name} ({record.family})" for record in records)
    return Choice(tuple(map(open_model, records)), f"The cloak was made against {said}.")


def open_model(record: pool.Record) -> Encoder:
    """Check a model's files against their pinned digests and open it."""
    record.verify()
    kind = catalog.load(catalog.MODELS, record.kind)
    wanted = [one for one in signature(kind).parameters.values() if one.kind is one.POSITIONAL_OR_KEYWORD]
    if len(wanted) != len(record.paths):
        raise ModelError(f"A {record.kind} model is {' and '.join(one.name for one in wanted)}: give just these files.")
    encoder: Encoder = kind(*record.paths, name=record.name, family=record.family)
    return encoder
