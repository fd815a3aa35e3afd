"""Short captions of the training pictures, from what the manifest and the file names say."""

from __future__ import annotations

import re
from pathlib import Path

KINDS = {"kodak": "photograph", "vangogh": "painting van gogh", "wikiart-monet": "painting monet"}
MOTIFS = {"naturmort": "still life"}
"""Motifs whose word in the Louvre's file names is not the English one."""

DRAWN = "drawing"
"""Caption of pictures drawn by code."""


def caption(row: dict[str, str]) -> str:
    """Return the caption of a manifest row: its kind, and its motif or the artist in whose style it was made."""
    stem = Path(row["path"]).stem
    if row["source"] == "louvre":
        motif = stem.split("-")[0].lower()
        return f"painting {MOTIFS.get(motif, motif)}"
    if row["source"] == "supagruen-cheatsheet":
        return f"picture {' '.join(re.findall(r'[a-z0-9]+', stem.lower()))}"
    return KINDS.get(row["source"], "render")


def vocabulary(captions: list[str]) -> list[str]:
    """Return every word of the captions once, sorted."""
    return sorted({word for caption in captions for word in caption.split()})
