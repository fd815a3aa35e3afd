"""Generators: models that turn pictures into latents and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artaudit.exports import exports

if TYPE_CHECKING:
    from artaudit.generators.installing import add_model
    from artaudit.generators.opening import list_models, load_model
    from artaudit.generators.pool import Record
    from artaudit.protocols import Autoencoder, Encoder, Generator

_NAMES = {
    "list_models": "artaudit.generators.opening:list_models",
    "load_model": "artaudit.generators.opening:load_model",
    "add_model": "artaudit.generators.installing:add_model",
    "Record": "artaudit.generators.pool:Record",
    "Encoder": "artaudit.protocols:Encoder",
    "Autoencoder": "artaudit.protocols:Autoencoder",
    "Generator": "artaudit.protocols:Generator",
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = exports(__name__, _NAMES)

__all__ = [
    "Autoencoder",
    "Encoder",
    "Generator",
    "Record",
    "add_model",
    "list_models",
    "load_model",
]
