"""Who draws with which autoencoder, in words: models that share one cannot be told apart by what they draw."""

from __future__ import annotations

from artaudit.generators.families import FAMILIES


def in_words(name: str, family: str, *, copy: bool) -> str:
    """Return who is meant when a candidate's decoder drew a picture.

    `copy` says that the decoder is a small copy of the family's own, which draws otherwise.
    """
    if copy:
        return f"the decoder of {name} (a small copy of the one of {family}, which itself draws otherwise)"
    known = FAMILIES.get(family)
    return f"the {family} autoencoder ({known.members})" if known else f"the autoencoder of {name} ({family})"
