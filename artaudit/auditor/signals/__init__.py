"""What the file itself says: generator parameters that it claims."""

from __future__ import annotations

from artaudit.auditor.signals.examiner import FileClaims

__all__ = ["FileClaims"]
