"""What the file itself says, in tiers that are never mixed: signed, claimed, hidden as a watermark."""

from __future__ import annotations

from artaudit.auditor.signals.examiner import FileClaims
from artaudit.auditor.signals.signatures import Signatures
from artaudit.auditor.signals.watermarks import Watermarks

__all__ = ["FileClaims", "Signatures", "Watermarks"]
