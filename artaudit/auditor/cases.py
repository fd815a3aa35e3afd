"""Cases as plain values: the names of their pictures, and what their checks come to in a word."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import PureWindowsPath
from typing import Any

from artaudit.auditor.registry.cases import CaseFolder

WORDS = ("copy", "made", "perhaps", "claimed", "nothing")
"""What a check comes to in a word, the strongest first."""


def described(folder: CaseFolder, checks: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a case as plain values, with the names of its pictures and its verdict in a word."""
    pictures = [PureWindowsPath(evidence["path"]).name for evidence in checks]
    return {**asdict(folder), "pictures": pictures, "verdict": verdict(checks)}


def verdict(checks: list[dict[str, Any]]) -> str:
    """Return the strongest answer of checks in a word of `WORDS`; empty without a check."""
    words = [_word(evidence) for evidence in checks]
    return next((word for word in WORDS if word in words), "")


def _word(evidence: dict[str, Any]) -> str:
    weighed = evidence.get("assessment") or {}
    if weighed.get("copy") == "found":
        return "copy"
    if weighed.get("origin") == "machine-made":
        return "made"
    if weighed.get("copy") == "possible":
        return "perhaps"
    return "claimed" if any(finding["holds"] for finding in evidence.get("findings", [])) else "nothing"
