"""Evidence that anybody can verify: the report, the package it travels in, and the verification of a package."""

from __future__ import annotations

from artaudit.auditor.evidence.casefile import CaseFile, CheckFile, LogExtract, OverlayFile, WorkFile
from artaudit.auditor.evidence.package import write_package
from artaudit.auditor.evidence.seals import Seal, Trust
from artaudit.auditor.evidence.verification import Verification, verify_package

__all__ = [
    "CaseFile",
    "CheckFile",
    "LogExtract",
    "OverlayFile",
    "Seal",
    "Trust",
    "Verification",
    "WorkFile",
    "verify_package",
    "write_package",
]
