"""Autoencoders in words: models that share one cannot be told apart by their traces."""

from __future__ import annotations

from artaudit.generators.families import FAMILIES


def in_words(name: str, family: str, *, copy: bool) -> str:
    """Return a candidate's decoder in words, with the models that use it.

    `copy` says that the decoder is a small copy of its family's decoder, whose traces differ.
    """
    if copy:
        return f"the decoder of {name} (a small copy of the one of {family}, which itself draws otherwise)"
    known = FAMILIES.get(family)
    return f"the {family} autoencoder ({known.members})" if known else f"the autoencoder of {name} ({family})"
