"""The digital source types of IPTC and C2PA, in words.

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
"""What pictures of these types were made with."""

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
"""How pictures of these types were made."""

NEITHER = {
    "composite": "was put together from several parts",
    "virtualRecording": "was recorded from a virtual scene",
    "dataDrivenMedia": "was drawn from data",
    "algorithmicallyEnhanced": "was enhanced by an algorithm",
}
"""How pictures of these types were made, which neither names a generative model nor rules one out."""

DRAWN = frozenset({"trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "compositeSynthetic"})
"""Types that say that a generative model drew the picture, or a part of it."""


def source_type(address: str) -> str:
    """Return the last part of a source type's address, which is its name; "" for any other text."""
    head, _, name = address.strip().rpartition("/")
    return name if head.endswith("digitalsourcetype") or (not head and name in GENERATORS | OTHERS | NEITHER) else ""


def making(name: str) -> str:
    """Return the words that complete "the picture …" for a source type's name."""
    if name in GENERATORS:
        return f"was made with {GENERATORS[name]}"
    return (OTHERS | NEITHER).get(name, f"is of the digital source type {name}")


def says(names: Iterable[str]) -> str:
    """Return what source types say together: "machine-made", "not machine-made", or "" if they say neither."""
    known = set(names) & (DRAWN | OTHERS.keys())
    if not known:
        return ""
    return "machine-made" if known & DRAWN else "not machine-made"
