"""The texts of a package, rendered from its record; verification renders them again and compares."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from artaudit.auditor.evidence.reporting.annex import software
from artaudit.auditor.evidence.reporting.content import language
from artaudit.auditor.evidence.reporting.custody import enclosures
from artaudit.auditor.evidence.reporting.words import named, person, rate, saved_from, subject
from artaudit.language import ENGLISH, speaking
from artaudit.templates import template

CERTIFICATION = "data/CERTIFICATION-902.md"
TEXTS = {
    CERTIFICATION: "certification.md",
    "data/HOW-TO-ATTACK.md": "how-to-attack.md",
    "data/HOW-TO-READ.md": "how-to-read.md",
    "VERIFY.txt": "VERIFY.txt",
}
"""The template of each text, by its name in the package; those of another language lie in a folder of its name."""

EDITION = "7c1e5b0fd28a4936e1c07f52ab9d3384061fe2c95d7ab810f36e94b2c85d0a17"
"""The edition of the weighing, the texts and the page; a record names the edition that it was written with.

When any of them changes, give it any other 64 hexadecimal digits; tests/auditor/evidence/test_edition.py notices.
"""

_ENGLISH_ALONE = "2dbb8d6d0c9a66e25744895a32b80b0ffa4bab7c15fbebb8d71238ba5d8a9d5c"
ALIKE = frozenset({EDITION, _ENGLISH_ALONE})
"""Editions that weigh and word a record alike, so that this one can compare their packages.

Editions before set another page, so that their packages are verified without comparing words and weights. When the next
edition sets the same page for records of this one, this one stays here.
"""

WORDS: Mapping[str, Any] = MappingProxyType(
    {
        "named": named,
        "person": person,
        "rate": rate,
        "saved_from": saved_from,
        "software": software,
        "subject": subject,
    }
)


def texts(record: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the plain texts of a record by their names in the package."""
    return {name: _text(record, name).encode(errors="backslashreplace") for name in TEXTS}


def _text(record: Mapping[str, Any], name: str) -> str:
    """Return a text in the language of the report; the draft for courts of the United States stays English."""
    chosen = language(record)
    written = ENGLISH if name == CERTIFICATION else chosen
    with speaking(written):
        about = {"record": record, "exhibits": enclosures(record), "works": record["works"], "language": chosen}
        source = TEXTS[name] if written == ENGLISH else f"{written}/{TEXTS[name]}"
        return template(__package__, source, escaped=False).render(**about, **WORDS)
