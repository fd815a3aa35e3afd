"""What leaves the house: which files a package encloses, and the sentences that say so."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from artaudit.language import retold, worded

ORIGINALS, SUSPECT, NONE = "originals", "suspect", "none"

CHOICES = MappingProxyType(
    {
        ORIGINALS: "the checked pictures and the original files of the works that they show",
        SUSPECT: "the checked pictures; of the works small pictures, digests and the features that a match is repeated "
        "with",
        NONE: "neither: small pictures and digests alone",
    }
)
"""What a person may choose to enclose, in words."""

FINGERPRINTS = ("pdq", "keypoints")
"""Kinds of fingerprints that matching compares."""

ABSENT = "it was to stay with its owner"
GONE = "its file was no longer where it was registered"
"""Why the original of a work is not enclosed."""


def enclosed(choice: str, checks: Sequence[Mapping[str, Any]], works: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the record's entry about what is enclosed: the choice, and what is inside and what is not, in words."""
    inside: list[str] = []
    outside: list[str] = []
    for check in checks:
        part = inside if check["suspect"]["original_included"] else outside
        part.append(f"the checked picture {check['evidence']['path']}")
    for work in works:
        words = f"work {work['id']}, {work['path']}"
        part = inside if work["original_included"] else outside
        part.append(f"the original of {words}" + ("" if work["original_included"] else f" ({work['absent']})"))
        features = any("/features/" in entry["file"] for entry in work["files"])
        inside.append(f"a small picture {'and features ' if features else ''}of {words}")
    inside += [f"a small picture of {check['evidence']['path']}" for check in checks]
    return {"choice": choice, "encloses": inside, "does_not_enclose": outside}


def sentence(inside: Mapping[str, Any]) -> str:
    """Say what a package encloses and what it does not."""
    within = "; ".join(map(retold, inside["encloses"])) or worded("no picture")
    without = "; ".join(map(retold, inside["does_not_enclose"])) or worded("nothing")
    return worded("This package encloses: {within}. It does not enclose: {without}.", within=within, without=without)


def features_name(kind: str) -> str:
    """Return the name that features of a kind have in a package."""
    return re.sub(r"[^A-Za-z0-9-]+", "-", kind)
