"""What a scan comes to: numbers, the page about it, and the list from which `audit check` makes cases."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import cv2

from artaudit.auditor.addresses import is_address, is_past
from artaudit.errors import ArtauditError
from artaudit.image import read, write_atomically
from artaudit.matching import encode_jpeg
from artaudit.scan import cascade
from artaudit.scan.rows import OUTCOMES, Plain, Row
from artaudit.scan.run import FOUND
from artaudit.scan.shards.archive import RESERVATIONS
from artaudit.scan.store import Store
from artaudit.templates import template

LIST = "found.csv"
"""The list, in the folder of a scan, of the found pictures whose address is known."""
MOST = 200
"""Findings of each kind that the page shows; the file of the scan holds all."""
_THUMB = 160


def summary(folder: Path) -> Plain:
    """Return the numbers of a scan."""
    with Store(folder, write=False) as store:
        counts = store.counts()
        about = {"works": int(store.about("count") or 0), "begun_at": store.about("begun_at")}
    return {**about, **dict.fromkeys(OUTCOMES, 0), **counts, "with_addresses": len(_listed(folder))}


def write_list(folder: Path) -> None:
    """Write the list of the found pictures whose address is known."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows([("url", "file", "saved_at"), *_listed(folder)])
    write_atomically(folder / LIST, buffer.getvalue().encode())


def page(folder: Path) -> bytes:
    """Return one self-contained HTML page, without scripts: what was scanned, what was found, and how sure that is."""
    numbers = summary(folder)
    with Store(folder, write=False) as store:
        findings = {
            outcome: [_shown(folder, row, places) for row, places in islice(store.findings(outcome), MOST)]
            for outcome in ("found", "unsure", "listed")
        }
        refused = [(row["key"], row["reason"]) for row, _ in islice(store.findings("refused"), MOST)]
        refused += [(f"{Path(shard).name} {key}", reason) for shard, key, reason in store.left_out(MOST)]
        shards = store.shards()
    told = {
        "numbers": numbers,
        "listed": (folder / LIST).is_file(),
        "findings": findings,
        "refused": refused,
        "shards": shards,
        "outcomes": OUTCOMES,
    }
    rendered = template(__package__, "scan.html").render(**told, folder=str(folder), most=MOST, cascade=cascade)
    return rendered.encode(errors="backslashreplace")


def kept_file(folder: Path, sha256: str) -> Path | None:
    """Return the file of a found picture in the folder of a scan, None where it is not kept."""
    return next(folder.joinpath(FOUND).glob(f"{sha256[:16]}.*"), None)


def _listed(folder: Path) -> list[tuple[str, str, str]]:
    """Return a line for every address of every found picture."""
    with Store(folder, write=False) as store:
        return [line for row, places in store.findings("found", "unsure") for line in _addresses(folder, row, places)]


def _addresses(folder: Path, row: Row, places: list[Plain]) -> Iterator[tuple[str, str, str]]:
    path = kept_file(folder, row["sha256"])
    for context in (place["context"] for place in places):
        at = context.get("saved at", "")
        if path and is_address(context.get("url", "")):
            yield context["url"], f"{FOUND}/{path.name}", at if is_past(at) else ""


def _shown(folder: Path, row: Row, places: list[Plain]) -> Plain:
    path = kept_file(folder, row["sha256"])
    reserved = {name: value for place in places for name, value in place["context"].items() if name in RESERVATIONS}
    return {**row, "places": places, "reserved": reserved, "file": str(path or ""), "picture": _thumbnail(path)}


def _thumbnail(path: Path | None) -> str:
    """Return a small picture as a data address, "" where there is none."""
    try:
        pixels = read(path).rgb8 if path else None
    except ArtauditError:
        return ""
    if pixels is None:
        return ""
    scale = min(1.0, _THUMB / max(pixels.shape[:2]))
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    small: Any = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return f"data:image/jpeg;base64,{base64.b64encode(encode_jpeg(small)).decode()}"
