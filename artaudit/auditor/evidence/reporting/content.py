"""The content of a report, in the order that people read it; the page and the paper differ in their looks alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from artaudit.auditor.evidence.reporting import blocks
from artaudit.auditor.evidence.reporting.annex import annex
from artaudit.auditor.evidence.reporting.blocks import Block
from artaudit.auditor.evidence.reporting.custody import custody, notes, works
from artaudit.auditor.evidence.reporting.exhibits import read
from artaudit.auditor.evidence.reporting.first_page import first_page
from artaudit.auditor.evidence.reporting.grounds import grounds, limits
from artaudit.auditor.evidence.reporting.pictures import pictures
from artaudit.auditor.evidence.reporting.words import subject
from artaudit.language import ENGLISH, speaking, worded
from artaudit.visible import visible_all

UNPACK = (
    "Unpack the package into an empty folder and recompute every digest there, without artaudit; every line must end "
    "in “OK”:"
)
ASK = "Ask {signer}, by another way than this package, for the sha256 of their root certificate, and compare it with:"
ALSO = (
    "With artaudit, `audit verify` and the package's name do the same and compare this report with the record, "
    "data/report.json. VERIFY.txt in the package says more, how to verify signature and timestamps with openssl "
    "included."
)


def content(record: Mapping[str, Any], record_sha256: str = "") -> list[Block]:
    """Return the blocks of the report about a record, as read from report.json.

    `record_sha256` is the digest of report.json; the paper, which the record names, is made before it is known.
    """
    with speaking(language(record)):
        return [visible_all(block) for block in _blocks(record, record_sha256)]


def language(record: Mapping[str, Any]) -> str:
    """Return the language that a report is written in; English where its record, of an edition before, names none."""
    return str(record["exported"].get("language", ENGLISH))


def _blocks(record: Mapping[str, Any], record_sha256: str) -> list[Block]:
    held = read(record)
    return [
        *first_page(record, held),
        *works(record),
        blocks.page_break(),
        *pictures(held),
        *grounds(held),
        *custody(record),
        *notes(record),
        *limits(record, held),
        *_verifying(record),
        *annex(record, held, record_sha256),
    ]


def title(record: Mapping[str, Any]) -> str:
    """Return the title of a report."""
    with speaking(language(record)):
        return worded("Evidence report, case {number}", number=record["case"]["id"])


def _verifying(record: Mapping[str, Any]) -> Iterator[Block]:
    signer = record["seal"]["signer"]
    yield blocks.heading(worded("How to verify"))
    yield blocks.text(worded(UNPACK))
    yield blocks.code(["sha256sum -c manifest-sha256.txt", "sha256sum -c tagmanifest-sha256.txt"])
    if signer:
        yield blocks.text(worded(ASK, signer=subject(signer["subject"])))
        yield blocks.code([signer["root_sha256"]])
    yield blocks.text(worded(ALSO))
