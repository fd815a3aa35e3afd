"""The portfolio: one append-only SQLite file with a chained log; SQL is spoken nowhere else."""

from __future__ import annotations

from artaudit.auditor.registry.owner import default_path, who
from artaudit.auditor.registry.records import Case, CaseLine, Manifest, Version, Work
from artaudit.auditor.registry.registry import Registry

__all__ = ["Case", "CaseLine", "Manifest", "Registry", "Version", "Work", "default_path", "who"]
