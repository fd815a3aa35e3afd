"""What IPTC's and C2PA's digital source types say about the making of a picture, in words.

Vocabulary: https://cv.iptc.org/newscodes/digitalsourcetype/
"""

from __future__ import annotations

from collections.abc import Iterable

GENERATORS = {
    "trainedAlgorithmicMedia": "a generative model",
    "compositeWithTrainedAlgorithmicMedia": "a generative model, in part",
    "compositeSynthetic": "a generator, in part",
    "algorithmicMedia": "an algorithm that learned from no pictures",
}
"""What a picture of such a type was made with."""

OTHERS = {
    "digitalCapture": "was taken by a camera",
    "computationalCapture": "was taken by a camera that computes",
    "multiFrameComputationalCapture": "was taken by a camera that computes",
    "compositeCapture": "was put together from photographs",
    "negativeFilm": "was scanned from film",
    "positiveFilm": "was scanned from film",
    "print": "was scanned from a print",
    "screenCapture": "was taken from a screen",
    "digitalCreation": "was made by a person with a computer",
    "digitalArt": "was made by a person with a computer",
    "humanEdits": "was edited by a person",
    "minorHumanEdits": "was edited by a person",
}


DRAWN = frozenset({"trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "compositeSynthetic"})
"""Types that say that a generative model drew the picture, or a part of it."""


def source_type(address: str) -> str:
    """Return the last part of a source type's address, which names it; text that is no such address is "" ."""
    head, _, name = address.strip().rpartition("/")
    return name if head.endswith("digitalsourcetype") or (not head and name in GENERATORS | OTHERS) else ""


def making(name: str) -> str:
    """Complete the sentence "the picture …" for a source type's name."""
    if name in GENERATORS:
        return f"was made with {GENERATORS[name]}"
    return OTHERS.get(name, f"is of the digital source type {name}")


def says(names: Iterable[str]) -> str:
    """Return what source types say together: "machine-made", "not machine-made" or, where they do not say, ""."""
    known = set(names) & (DRAWN | OTHERS.keys())
    if not known:
        return ""
    return "machine-made" if known & DRAWN else "not machine-made"
