"""Formats that Pillow reads with a plugin: HEIC (HEIF) and JPEG XL, told by their first bytes.

HEIF: ISO/IEC 23008-12; JPEG XL: ISO/IEC 18181-2. Nothing is imported for any other file.
"""

from __future__ import annotations

import importlib

from artaudit.errors import ImageError

_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_JXL = (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")
_BRANDS = 64
"""Bytes of a file's first box within which its brands are looked for."""
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_WIDTHS = (9, 13, 18, 30)
"""Ratios of width to height, and widths in bits of sides, as JPEG XL's size header numbers them."""
_BOXES = 1000
READERS = {"HEIF": ("pillow_heif", "pillow-heif"), "JXL": ("pillow_jxl", "pillow-jxl-plugin")}
"""By format, the module that reads it and the package that holds the module."""


def further_formats(data: bytes, name: str) -> tuple[str, ...]:
    """Return the format of a file that a plugin reads, made ready for Pillow; nothing for all other files.

    Raises ImageError, which names the package to install, when the plugin is missing.
    """
    kind = _kind(data)
    if not kind:
        return ()
    module, package = READERS[kind]
    try:
        plugin = importlib.import_module(module)
    except ImportError as error:
        known = "HEIC" if kind == "HEIF" else "JPEG XL"
        raise ImageError(f"{name} is {known}, whose reader is missing: install {package} with pip.") from error
    if kind == "HEIF":
        plugin.register_heif_opener()
    return (kind,)


def declared_size(data: bytes) -> tuple[int, int] | None:
    """Return width and height in pixels as a JPEG XL file declares them; None for all other files.

    Its plugin decodes all of a file as soon as it is opened, so that limits must be kept before. Raises ValueError
    for a file whose head is cut off.
    """
    if _kind(data) != "JXL":
        return None
    head = _codestream(data)[2:14]
    if len(head) < 9:  # noqa: PLR2004 - the longest size takes 67 bits
        raise ValueError("its head is cut off")
    bits = _Bits(int.from_bytes(head, "little"))
    small = bits.take(1)
    height = _side(bits, small=small)
    ratio = bits.take(3)
    across, down = _RATIOS[ratio - 1] if ratio else (1, 1)
    return (height * across // down if ratio else _side(bits, small=small)), height


class _Bits:
    """Bits of a number, taken from the lowest on."""

    def __init__(self, value: int) -> None:
        self._value = value

    def take(self, count: int) -> int:
        taken = self._value & ((1 << count) - 1)
        self._value >>= count
        return taken


def _side(bits: _Bits, *, small: int) -> int:
    """Return a side as the size header codes it."""
    return (bits.take(5) + 1) * 8 if small else bits.take(_WIDTHS[bits.take(2)]) + 1


def _codestream(data: bytes) -> bytes:
    """Return the codestream's beginning, which may lie in a box of a container."""
    if data.startswith(_JXL[0]):
        return data[:64]
    place = 0
    for _ in range(_BOXES):
        size, kind = int.from_bytes(data[place : place + 4]), data[place + 4 : place + 8]
        head = 8
        if size == 1:
            size, head = int.from_bytes(data[place + 8 : place + 16]), 16
        if kind in (b"jxlc", b"jxlp"):
            start = place + head + (4 if kind == b"jxlp" else 0)
            return data[start : start + 64]
        if size < head:
            break
        place += size
    return b""


def _kind(data: bytes) -> str:
    """Return "HEIF", "JXL" or ""."""
    if data.startswith(_JXL):
        return "JXL"
    if data[4:8] != b"ftyp":
        return ""
    end = min(int.from_bytes(data[:4]), _BRANDS, len(data))
    brands = {data[8:12], *(data[place : place + 4] for place in range(16, end, 4))}
    return "HEIF" if brands & _HEIF_BRANDS and not brands & _AVIF_BRANDS else ""
