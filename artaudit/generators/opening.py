"""Opens models from their records, whatever their kind, and says of a kind what it can do."""

from __future__ import annotations

from inspect import signature

from artaudit import catalog
from artaudit.errors import ModelError
from artaudit.generators import pool
from artaudit.generators.state_dicts import short
from artaudit.protocols import Encoder


def abilities(record: pool.Record) -> tuple[str, ...]:
    """Return what a model of this kind can do, the kind alone being asked."""
    if record.kind in catalog.BACKBONES:
        return ("features",)
    redraws = ("autoencoder", "attribution") if record.kind not in catalog.ENCODERS else ()
    return ("encoder", *redraws, *(("denoiser",) if record.kind in catalog.GENERATORS else ()))


def open_model(record: pool.Record, *, denoiser: bool = True) -> Encoder:
    """Check a model's files against their pinned digests and open it, without its denoiser where that is asked for."""
    kind = catalog.load(catalog.MODELS, record.kind)
    wanted = [one.name for one in signature(kind).parameters.values() if one.kind is one.POSITIONAL_OR_KEYWORD]
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
