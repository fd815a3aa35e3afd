"""What Python raises when a ZIP file that others wrote is not whole."""

from __future__ import annotations

import lzma
import zipfile
import zlib

BROKEN = (
    zipfile.BadZipFile,
    ValueError,
    EOFError,
    OSError,
    RuntimeError,
    OverflowError,
    zlib.error,
    lzma.LZMAError,
)
