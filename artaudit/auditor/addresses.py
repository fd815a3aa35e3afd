"""What counts as an address of the web and as a time that has passed, in what others wrote."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

LONGEST = 8192
"""Characters that an address may have."""


def is_address(text: str) -> bool:
    """Tell whether a text is an address of the web, without characters that could mislead a reader."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    web = parts.scheme in ("http", "https") and bool(parts.netloc)
    return web and text.isprintable() and " " not in text and len(text) <= LONGEST


def is_past(text: str) -> bool:
    """Tell whether a text is a time (ISO 8601) that has passed; what names no zone may be up to a day ahead."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return False
    here = at if at.tzinfo else at.replace(tzinfo=UTC) - timedelta(days=1)
    return here <= datetime.now(UTC) + timedelta(minutes=5)
