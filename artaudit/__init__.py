"""Cloak pictures, keep a portfolio, check suspicious pictures, export evidence.

The parts for research are rooms of their own: `artaudit.protect`, `distances`, `detect`, `attribution`, `generators`
and `datasets`. Nothing heavy is imported before it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from artaudit.exports import exports

if TYPE_CHECKING:
    from artaudit.auditor.check import check
    from artaudit.auditor.evidence.verification import verify_package
    from artaudit.auditor.register import register
    from artaudit.auditor.registry import Registry
    from artaudit.auditor.report import report
    from artaudit.errors import (
        ArtauditError,
        ImageError,
        MissingExtraError,
        ModelError,
        PackageError,
        RegistryError,
        UsageError,
    )
    from artaudit.findings import Evidence, Finding
    from artaudit.image.picture import Image
    from artaudit.image.reading import read
    from artaudit.protect.calling import cloak

_NAMES = {
    "read": "artaudit.image.reading:read",
    "Image": "artaudit.image.picture:Image",
    "cloak": "artaudit.protect.calling:cloak",
    "check": "artaudit.auditor.check:check",
    "register": "artaudit.auditor.register:register",
    "report": "artaudit.auditor.report:report",
    "Registry": "artaudit.auditor.registry:Registry",
    "verify_package": "artaudit.auditor.evidence.verification:verify_package",
    "Finding": "artaudit.findings:Finding",
    "Evidence": "artaudit.findings:Evidence",
    "ArtauditError": "artaudit.errors:ArtauditError",
    "UsageError": "artaudit.errors:UsageError",
    "ImageError": "artaudit.errors:ImageError",
    "ModelError": "artaudit.errors:ModelError",
    "MissingExtraError": "artaudit.errors:MissingExtraError",
    "RegistryError": "artaudit.errors:RegistryError",
    "PackageError": "artaudit.errors:PackageError",
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = exports(__name__, _NAMES)

__version__ = "0.1.0"

__all__ = [
    "ArtauditError",
    "Evidence",
    "Finding",
    "Image",
    "ImageError",
    "MissingExtraError",
    "ModelError",
    "PackageError",
    "Registry",
    "RegistryError",
    "UsageError",
    "__version__",
    "check",
    "cloak",
    "read",
    "register",
    "report",
    "verify_package",
]
