"""The texts of a package that are made from its record, so that they can be made again and compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from artaudit.templates import template

TEXTS = {"data/CERTIFICATION-902.md": "certification.md", "VERIFY.txt": "VERIFY.txt"}
"""By file of the package, the template it is made from."""

EDITION = "de609506c92b98118d5de0dc0530eef8fa502a156135aa227713d0eec9305a80"
"""Which edition weighs findings and makes the texts and the page; packages are compared with their own.

Where one of them changes, it becomes any other 64 hexadecimal digits: tests/auditor/evidence/test_edition.py tells.
"""

ALIKE = frozenset({EDITION, "c69fed72e3764db2d37f39551af54c4a9749aecd5172f8a50b885f3a5dfe5054"})
"""Editions that weigh and word a record alike, whose packages are therefore compared too.

The former one kept no group, question and ratio with its findings. An edition that changes what comes of an old record
stands here alone.
"""


def texts(record: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the plain texts of a record by their names in the package."""
    return {
        name: template(__package__, source, escaped=False).render(record=record).encode(errors="backslashreplace")
        for name, source in TEXTS.items()
    }
