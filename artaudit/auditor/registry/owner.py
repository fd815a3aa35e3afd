"""Whose registry it is: where its file lies when none is named, and the name that the log gives to who acts."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

import platformdirs


def default_path() -> Path:
    """Return the registry file used when none is named: ARTAUDIT_DB, else in the platform's data folder."""
    chosen = os.environ.get("ARTAUDIT_DB")
    return Path(chosen) if chosen else platformdirs.user_data_path("artaudit") / "registry.db"


def who() -> str:
    """Return the name that the log gives to whoever acts: ARTAUDIT_BY, else the login name."""
    try:
        return os.environ.get("ARTAUDIT_BY") or getpass.getuser()
    except (KeyError, OSError):
        return "not known"
