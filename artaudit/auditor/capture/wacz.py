"""Reads WACZ files: ZIP files of WARC files, with a list of their parts and digests.

https://specs.webrecorder.net/wacz/1.1.1/
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from io import BufferedIOBase
from pathlib import Path
from typing import Any, cast

from artaudit.auditor.broken import BROKEN
from artaudit.auditor.capture.found import MOST_PARTS, Found, Reading
from artaudit.auditor.capture.warc import read_warc
from artaudit.errors import CaptureError

MARK = b"PK\x03\x04"
_LIST = "datapackage.json"
_MOST_LIST = 16 << 20
_STEP = 1 << 20


def read_wacz(path: Path, reading: Reading) -> Iterator[Found]:
    """Yield what the WARC files in a WACZ file hold.

    A part that has not the digest that the list of parts holds is a remark. Raises CaptureError for what is no whole
    WACZ file or unpacks to too much.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            warcs = [name for name in names if name.startswith("archive/") and name.endswith((".warc", ".warc.gz"))]
            if len(names) > MOST_PARTS or not warcs:
                raise CaptureError(f"{path} is a ZIP file, but no WACZ file: it holds no archive/*.warc.gz.")
            digests = _digests(archive, reading)
            for name in names:
                if name in digests:
                    _compare(archive, name, digests[name], reading)
            for name in warcs:
                with archive.open(name) as file:
                    yield from read_warc(cast(BufferedIOBase, file), reading)
    except (*BROKEN, RecursionError) as error:
        raise CaptureError(f"{path} is no whole WACZ file ({error}): save the page again.") from error


def _digests(archive: zipfile.ZipFile, reading: Reading) -> dict[str, str]:
    """Return the sha256 of parts, by name, that the list of parts holds."""
    if _LIST not in archive.namelist():
        reading.remark(f"it holds no {_LIST}, which would list its parts with digests")
        return {}
    with archive.open(_LIST) as file:
        data = file.read(_MOST_LIST + 1)
    reading.cost(len(data))
    listed: Any = json.loads(data) if len(data) <= _MOST_LIST else {}
    parts = listed.get("resources") if isinstance(listed, Mapping) else None
    pairs = [(str(part.get("path")), str(part.get("hash", ""))) for part in parts or () if isinstance(part, Mapping)]
    return {name: told.removeprefix("sha256:") for name, told in pairs if told.startswith("sha256:")}


def _compare(archive: zipfile.ZipFile, name: str, told: str, reading: Reading) -> None:
    made = hashlib.sha256()
    with archive.open(name) as file:
        while part := file.read(_STEP):
            reading.cost(len(part))
            made.update(part)
    if made.hexdigest() != told:
        reading.remark(f"{name} in it has not the digest that {_LIST} holds: it was changed after it was packed")
