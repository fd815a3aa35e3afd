"""Limits for reading text out of untrusted files, and readers that keep to them."""

from __future__ import annotations

import json
import math
import re
import zlib
from typing import Any

from artaudit.visible import visible

TEXT_BYTES = 2 * 1024**2
"""Largest number of bytes read of one text, after decompression."""

KEPT_BYTES = 10_000
"""Largest number of bytes kept of one text in a finding."""

JSON_DEPTH = 64
"""The deepest nesting of JSON that is read."""

_PIECE = 64 * 1024
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


def inflate(data: bytes, *, gzip: bool = False) -> tuple[bytes, str]:
    """Decompress at most `TEXT_BYTES` of a zlib or gzip stream.

    Returns the bytes before the stream ended, broke or grew too long, and the problem in words, "" without one.
    """
    stream = zlib.decompressobj(31 if gzip else 15)
    text, rest = b"", data[: 2 * TEXT_BYTES]
    try:
        while rest and not stream.eof and len(text) <= TEXT_BYTES:
            text += stream.decompress(rest, _PIECE)
            rest = stream.unconsumed_tail
    except zlib.error:
        return text, "cannot be decompressed to its end"
    if len(text) > TEXT_BYTES:
        return text[:TEXT_BYTES], f"is longer than {TEXT_BYTES:,} bytes and was cut there"
    return text, "" if stream.eof else "is cut off"


def parse_object(text: str) -> dict[str, Any]:
    """Parse an untrusted JSON object; NaN and infinities become None.

    Raises ValueError for text that is no JSON object, longer than `TEXT_BYTES` or deeper than `JSON_DEPTH`.
    """
    if len(text) > TEXT_BYTES or _depth(text) > JSON_DEPTH:
        raise ValueError("it is too long or too deep")
    parsed = json.loads(text, parse_constant=lambda _: None, parse_float=_finite)
    if not isinstance(parsed, dict):
        raise ValueError("it is no object")  # noqa: TRY004 - one error for everything that is no JSON object
    return parsed


def clean(text: str) -> str:
    """Return a text of which every character shows (artaudit.visible)."""
    return visible(text)


def cut(text: str) -> str:
    """Return at most `KEPT_BYTES` of a text in UTF-8, with an ellipsis if it was shortened."""
    encoded = text.encode()
    if len(encoded) <= KEPT_BYTES:
        return text
    return encoded[: KEPT_BYTES - 3].decode(errors="ignore") + "…"


def plain(value: object) -> str | None:
    """Return a number or text as text for a finding, None for anything else and for empty text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return cut(clean(str(value)).strip()) or None


def _depth(text: str) -> int:
    deepest = depth = 0
    for token in _TOKENS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        deepest = max(deepest, depth)
    return deepest


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None
