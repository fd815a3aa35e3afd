"""A picture file in memory: its bytes are its identity, its pixels are views. Nothing heavy is imported unasked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artaudit.exports import exports

if TYPE_CHECKING:
    from artaudit.image.bounds import Limits
    from artaudit.image.isolation import isolated
    from artaudit.image.marks import forbid_training, forbids_training
    from artaudit.image.packets import with_packet
    from artaudit.image.picture import Image
    from artaudit.image.reading import decode, read
    from artaudit.image.writing import encode, ensure_writable, write_atomically

_NAMES = {
    "Image": "artaudit.image.picture:Image",
    "Limits": "artaudit.image.bounds:Limits",
    "decode": "artaudit.image.reading:decode",
    "encode": "artaudit.image.writing:encode",
    "ensure_writable": "artaudit.image.writing:ensure_writable",
    "forbid_training": "artaudit.image.marks:forbid_training",
    "forbids_training": "artaudit.image.marks:forbids_training",
    "isolated": "artaudit.image.isolation:isolated",
    "read": "artaudit.image.reading:read",
    "with_packet": "artaudit.image.packets:with_packet",
    "write_atomically": "artaudit.image.writing:write_atomically",
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = exports(__name__, _NAMES)

__all__ = [
    "Image",
    "Limits",
    "decode",
    "encode",
    "ensure_writable",
    "forbid_training",
    "forbids_training",
    "isolated",
    "read",
    "with_packet",
    "write_atomically",
]
