"""Evidence that anybody can verify: the report, its package, and the verification of packages."""

from __future__ import annotations

from artaudit.auditor.evidence.casefile import CaseFile, CheckFile, LogExtract, PictureFile, WorkFile
from artaudit.auditor.evidence.package import REPORT, write_package
from artaudit.auditor.evidence.statement import Statement
from artaudit.auditor.evidence.verification import Verification, read_files, verify_package
from artaudit.auditor.signing.seals import Seal, Trust, check_seal

__all__ = [
    "REPORT",
    "CaseFile",
    "CheckFile",
    "LogExtract",
    "PictureFile",
    "Seal",
    "Statement",
    "Trust",
    "Verification",
    "WorkFile",
    "check_seal",
    "read_files",
    "verify_package",
    "write_package",
]
