"""The report as one self-contained HTML page without scripts, rendered from the record and the files it names."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from artaudit.auditor.evidence.reporting.content import content, language, title
from artaudit.templates import template


def render(record: Mapping[str, Any], files: Mapping[str, bytes], record_sha256: str) -> bytes:
    """Return the page of a record; `files` holds the pictures that the record names, by name.

    `record_sha256` is the digest of report.json, which the page names. The page depends on nothing else, so that
    verification can render it again and compare; the record must be as read from report.json, keys in order.
    """
    text = template(__package__, "report.html", escaped=True).render(
        language=language(record),
        title=title(record),
        blocks=content(record, record_sha256),
        record_sha256=record_sha256,
        picture=lambda name: _as_uri(files[name]),
    )
    return text.encode(errors="backslashreplace")


def _as_uri(jpeg: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
