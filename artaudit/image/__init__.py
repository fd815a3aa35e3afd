"""A picture file in memory: its bytes are its identity, its pixels are views."""

from __future__ import annotations

from artaudit.image.marks import forbid_training, forbids_training
from artaudit.image.packets import with_packet
from artaudit.image.picture import Image
from artaudit.image.reading import Limits, decode, read
from artaudit.image.writing import encode, ensure_writable, write_atomically

__all__ = [
    "Image",
    "Limits",
    "decode",
    "encode",
    "ensure_writable",
    "forbid_training",
    "forbids_training",
    "read",
    "with_packet",
    "write_atomically",
]
