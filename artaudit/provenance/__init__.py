"""What the file itself says, in tiers that are never mixed: signed, claimed, hidden as a watermark."""

from __future__ import annotations

from artaudit.provenance.claimed.examiner import FileClaims
from artaudit.provenance.signed.examiner import Signatures
from artaudit.provenance.watermark.examiner import Watermarks

__all__ = ["FileClaims", "Signatures", "Watermarks"]
