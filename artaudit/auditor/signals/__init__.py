"""What the file itself says about its making: claims, which anyone can write or remove."""

from __future__ import annotations

from artaudit.auditor.signals.claims import FileClaims

__all__ = ["FileClaims"]
