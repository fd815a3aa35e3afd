"""The errors of artaudit, one tree on one page.

ArtauditError               exit code 3: could not do it
├── UsageError              exit code 2: the command or its arguments are wrong
├── ImageError              a picture that cannot be read, held or written
├── ModelError              a model that is missing, broken or not what was pinned
├── PluginError             a component of another package that cannot be loaded
├── MissingExtraError       an optional dependency that is not installed
├── RegistryError           the portfolio file is missing, locked or damaged
├── CaptureError            a saved page or web archive that cannot be read
├── ScanError               the folder of a scan is none, or cannot be written
└── PackageError            an evidence package that cannot be written or opened

A message is one sentence that names the culprit and says what to do next.
"""

from __future__ import annotations


class ArtauditError(Exception):
    """Anything the command answers with one `Error: …` line instead of a traceback."""

    exit_code = 3


class UsageError(ArtauditError):
    """The command line or the arguments of a call are wrong."""

    exit_code = 2


class ImageError(ArtauditError):
    """A picture cannot be read, held or written."""


class ModelError(ArtauditError):
    """A model is missing, broken or not the one that was pinned."""


class PluginError(ArtauditError):
    """A component that another package offers cannot be loaded."""


class MissingExtraError(ArtauditError):
    """An optional dependency is not installed."""

    def __init__(self, extra: str, purpose: str) -> None:
        """Name the `extra` that installs it and the `purpose` it serves."""
        super().__init__(f"{purpose} needs an extra: install it with pip install 'artaudit[{extra}]'.")
        self.extra = extra


class RegistryError(ArtauditError):
    """The registry is missing, locked or damaged."""


class CaptureError(ArtauditError):
    """A saved page or a web archive cannot be read."""


class ScanError(ArtauditError):
    """The folder of a scan is none, belongs to a running scan, or cannot be written."""


class PackageError(ArtauditError):
    """An evidence package cannot be written or opened."""
