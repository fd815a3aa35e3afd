"""The texts of a package, rendered from its record; verification renders them again and compares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from artaudit.templates import template

TEXTS = {"data/CERTIFICATION-902.md": "certification.md", "VERIFY.txt": "VERIFY.txt"}
"""The template of each text, by its name in the package."""

EDITION = "874ae2d0158c7f8df5ce9b1e54c02fdf0718f2d2fc165f34b98a78a618a7f6c1"
"""The edition of the weighing, the texts and the page; a record names the edition that it was written with.

When any of them changes, give it any other 64 hexadecimal digits; tests/auditor/evidence/test_edition.py notices.
"""

ALIKE = frozenset(
    {
        EDITION,
        "de609506c92b98118d5de0dc0530eef8fa502a156135aa227713d0eec9305a80",
        "c69fed72e3764db2d37f39551af54c4a9749aecd5172f8a50b885f3a5dfe5054",
    }
)
"""Editions that weigh and word a record alike, so that this one can compare their packages.

The second did not say what it encloses, and its events do not vouch for what packages show of their rows; the last kept
no group, question and ratio with its findings. When an edition treats old records differently, it becomes the only one
here.
"""


def texts(record: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the plain texts of a record by their names in the package."""
    return {
        name: template(__package__, source, escaped=False).render(record=record).encode(errors="backslashreplace")
        for name, source in TEXTS.items()
    }
