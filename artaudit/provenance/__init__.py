"""What the file itself says about its making, in separate tiers: signed, claimed, hidden as a watermark."""

from __future__ import annotations

from artaudit.provenance.claimed.examiner import FileClaims
from artaudit.provenance.signed.examiner import Signatures
from artaudit.provenance.watermark.examiner import Watermarks

__all__ = ["FileClaims", "Signatures", "Watermarks"]
