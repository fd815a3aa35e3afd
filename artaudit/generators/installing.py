"""How a model is installed: from plain files, a folder of diffusers, or a checkpoint."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from artaudit.errors import UsageError
from artaudit.generators import pool
from artaudit.generators.checkpoints import unpacked
from artaudit.generators.diffusers_layout import Offer, offer
from artaudit.generators.opening import open_model


def add(about: pool.Record, paths: Sequence[Path], *, update: bool = False) -> tuple[pool.Record, str]:
    """Install a model from plain files, a diffusers folder, or a checkpoint; return its record and what is left out.

    `about` says what is known: an empty kind or family is read off the files. The copy is opened once as proof. With
    `update`, it takes the place of a model of the same name.
    Raises UsageError where the kind or family cannot be told, ModelError for files that are not whole or not served.
    """
    folder = pool.models_folder()
    if about.kind and not paths[0].is_dir():
        found = Offer(about.kind, None, {path.name: path for path in paths})
        if len(found.files) < len(paths):
            raise UsageError(f"Both files are called {paths[0].name}: give them names of their own first.")
        return _installed(about, found, folder, update=update)
    if paths[0].is_dir():
        return _installed(about, offer(paths[0]), folder, update=update)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".unpacked-") as target:
        note = unpacked(paths[0], paths[1] if len(paths) > 1 else None, Path(target), about.family)
        return _installed(about, offer(Path(target)), folder, note, update=update)


def add_model(
    name: str,
    *paths: Path | str,
    family: str = "",
    kind: str = "",
    licence: str = "unknown",
    use: str = pool.SURROGATE,
) -> pool.Record:
    """Install a model under a name, from what `add` takes, and return its record.

    `family` names its latent space and `kind` how its files are read, where these do not tell; a model that is only
    ever measured on has the use "hold-out". Raises what `add` raises.
    """
    about = pool.Record(name, kind, family, licence, use, pool.models_folder(), ())
    record, _ = add(about, [Path(path) for path in paths])
    return record


def _installed(
    about: pool.Record, found: Offer, folder: Path, note: str = "", *, update: bool
) -> tuple[pool.Record, str]:
    family = about.family or found.family
    if about.kind not in ("", found.kind):
        raise UsageError(f"{about.name} would be of the kind {found.kind}, not {about.kind}: leave --kind out.")
    if not family:
        raise UsageError(f"Which latent space {about.name} has cannot be told: say it with --family.")
    whole = pool.Record(about.name, found.kind, family, about.licence, about.use, folder, (), about.origin)
    record, _ = pool.install(whole, found.files, folder, open_model, update=update)
    return record, " ".join(filter(None, (found.note, note)))
