"""Opens models of any kind from their records, and tells what each kind can do."""

from __future__ import annotations

from dataclasses import asdict
from inspect import signature
from typing import Any

from artaudit import catalog
from artaudit.errors import ModelError, UsageError
from artaudit.generators import pool
from artaudit.generators.state_dicts import short
from artaudit.protocols import Encoder

_ABILITIES = (("autoencoder", "decode"), ("attribution", "decode"), ("denoiser", "predict"))
"""What a class of a plug-in can do, by the method that does it."""


def abilities(record: pool.Record) -> tuple[str, ...]:
    """Return what a model of the record's kind can do, without opening it; nothing where no package here reads it."""
    if record.kind in catalog.BACKBONES:
        return ("features",)
    if record.kind in catalog.MODELS.offers:
        kind = catalog.load(catalog.MODELS, record.kind)
        can = [name for name, method in _ABILITIES if hasattr(kind, method)]
        return ("encoder", *can)
    if record.kind not in catalog.MODELS:
        return ()
    redraws = ("autoencoder", "attribution") if record.kind not in catalog.ENCODERS else ()
    return ("encoder", *redraws, *(("denoiser",) if record.kind in catalog.GENERATORS else ()))


def described() -> list[dict[str, Any]]:
    """Return the models that are installed, then those that come with artaudit, as plain values."""
    own, shipped = pool.installed(pool.models_folder()), [*pool.embedded(), *pool.backbones()]
    return [
        {
            **asdict(record),
            "folder": str(record.folder),
            "embedded": record in shipped,
            "digest": record.digest,
            "abilities": abilities(record),
        }
        for record in (*own, *shipped)
    ]


def list_models() -> list[pool.Record]:
    """Return the records of all models with latents: those that come with artaudit, then the installed ones.

    Raises ModelError for a broken record.
    """
    return [*pool.embedded(), *pool.installed(pool.models_folder())]


def load_model(name: str, *, denoiser: bool = True) -> Encoder:
    """Open the model of this name, with or without its denoiser; an `Autoencoder` or a `Generator` where it is one.

    Raises UsageError for a name that is not there, ModelError for files that are not those that were pinned.
    """
    known = {record.name: record for record in list_models()}
    if name not in known:
        raise UsageError(f"No model is called {name}: choose {', '.join(known)}.")
    return open_model(known[name], denoiser=denoiser)


def open_model(record: pool.Record, *, denoiser: bool = True) -> Encoder:
    """Check a model's files against their pinned digests and open it, with or without its denoiser."""
    if record.kind not in catalog.MODELS:
        raise ModelError(
            f"{record.name} is of the kind {record.kind}, which nothing here reads: install the plug-in that it was "
            "added with."
        )
    kind = catalog.load(catalog.MODELS, record.kind)
    parameters = signature(kind).parameters.values()
    wanted = [parameter.name for parameter in parameters if parameter.kind is parameter.POSITIONAL_OR_KEYWORD]
    encoder: Encoder
    if wanted == ["folder"]:
        record.verify_whole()
        folder, alone = record.folder, record.folder / "vae"
        if not denoiser and alone.is_dir():
            kind, folder = catalog.load(catalog.MODELS, "autoencoder"), alone
        name = f"{record.name}@{short(record.digest)}"
        encoder = kind(folder, name=name, family=record.family, digest=record.digest)
        return encoder
    record.verify()
    if len(wanted) != len(record.paths):
        raise ModelError(f"A {record.kind} model is {' and '.join(wanted)}: give just these files.")
    encoder = kind(*record.paths, name=record.name, family=record.family)
    return encoder
