"""Which models a verb works with: those named, else those installed, else the ones that come with artaudit."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from artaudit import catalog
from artaudit.errors import ModelError, UsageError
from artaudit.generators import pool
from artaudit.generators.checkpoints import unpacked
from artaudit.generators.offers import Offer, offer
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
        records = [one for one in own if one.use == pool.SURROGATE and (not needs_generator or _denoises(one))]
        if not records:
            return _embedded(shipped, needs_generator=needs_generator)
    else:
        records = _named(names, {record.name: record for record in (*shipped, *own)})
    lacking = [record.name for record in records if needs_generator and not _denoises(record)]
    if lacking:
        raise UsageError(f"{lacking[0]} has no denoiser, which this method needs: choose a model that has one.")
    said = ", ".join(f"{record.name} ({record.family})" for record in records)
    opened = tuple(open_model(record, denoiser=needs_generator) for record in records)
    return Choice(opened, f"The cloak was made against {said}.")


def add(about: pool.Record, paths: Sequence[Path]) -> tuple[pool.Record, str]:
    """Install a model from plain files, a diffusers folder, or a checkpoint; return its record and what is left out.

    `about` says what is known: an empty kind or family is read off the files. The copy is opened once as proof.
    Raises UsageError where the kind or family cannot be told, ModelError for files that are not whole or not served.
    """
    folder = pool.models_folder()
    if about.kind and not paths[0].is_dir():
        found = Offer(about.kind, None, {path.name: path for path in paths})
        if len(found.files) < len(paths):
            raise UsageError(f"Both files are called {paths[0].name}: give them names of their own first.")
        return _installed(about, found, folder)
    if paths[0].is_dir():
        return _installed(about, offer(paths[0]), folder)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".unpacked-") as room:
        note = unpacked(paths[0], paths[1] if len(paths) > 1 else None, Path(room), about.family)
        return _installed(about, offer(Path(room)), folder, note)


def _installed(about: pool.Record, found: Offer, folder: Path, note: str = "") -> tuple[pool.Record, str]:
    family = about.family or found.family
    if about.kind not in ("", found.kind):
        raise UsageError(f"{about.name} would be of the kind {found.kind}, not {about.kind}: leave --kind out.")
    if not family:
        raise UsageError(f"Which latent space {about.name} has cannot be told: say it with --family.")
    whole = pool.Record(about.name, found.kind, family, about.licence, about.use, folder, (), about.origin)
    record, _ = pool.install(whole, found.files, folder, open_model)
    return record, " ".join(filter(None, (found.note, note)))


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
    # Those without a decoder learned to be cloaked against; with the autoencoders beside them a cloak gets no further.
    records = [record for record in records if record.kind in catalog.ENCODERS] or records
    return Choice(tuple(map(open_model, records)), DENOISER_FALLBACK if needs_generator else FALLBACK)
