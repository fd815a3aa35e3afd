"""The texts of a package, rendered from its record; verification renders them again and compares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from artaudit.auditor.evidence.reporting.annex import software
from artaudit.auditor.evidence.reporting.custody import enclosures
from artaudit.auditor.evidence.reporting.words import named, person, rate, saved_from, subject
from artaudit.templates import template

TEXTS = {
    "data/CERTIFICATION-902.md": "certification.md",
    "data/HOW-TO-ATTACK.md": "how-to-attack.md",
    "data/HOW-TO-READ.md": "how-to-read.md",
    "VERIFY.txt": "VERIFY.txt",
}
"""The template of each text, by its name in the package."""

EDITION = "2dbb8d6d0c9a66e25744895a32b80b0ffa4bab7c15fbebb8d71238ba5d8a9d5c"
"""The edition of the weighing, the texts and the page; a record names the edition that it was written with.

When any of them changes, give it any other 64 hexadecimal digits; tests/auditor/evidence/test_edition.py notices.
"""

ALIKE = frozenset({EDITION})
"""Editions that weigh and word a record alike, so that this one can compare their packages.

Editions before set another page, so that their packages are verified without comparing words and weights. When the next
edition sets the same page for records of this one, this one stays here.
"""


def texts(record: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the plain texts of a record by their names in the package."""
    about = {"record": record, "exhibits": enclosures(record), "works": record["works"]}
    words = {
        "named": named,
        "person": person,
        "rate": rate,
        "saved_from": saved_from,
        "software": software,
        "subject": subject,
    }
    return {
        name: template(__package__, source, escaped=False).render(**about, **words).encode(errors="backslashreplace")
        for name, source in TEXTS.items()
    }
