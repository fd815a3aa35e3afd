"""Makes the pictures of a package again, and compares: previews, and what findings rest on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt8
from PIL.Image import DecompressionBombError

from artaudit.auditor.evidence.casefile import sha256
from artaudit.auditor.evidence.pages import ALIKE
from artaudit.auditor.plugin_examiner import absent_plugin
from artaudit.auditor.registry.thumbnail import open_thumbnail, thumbnail
from artaudit.errors import ArtauditError
from artaudit.examination import Illustrator
from artaudit.findings import NOISE, Finding
from artaudit.image import Image, decode
from artaudit.matching import encode_jpeg

UNREADABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""Errors that JSON of another form than the record's causes."""
UNDRAWN = (OSError, DecompressionBombError, cv2.error, *UNREADABLE)
"""Errors that pictures and findings that do not belong together cause."""
BLOCK, LEVELS = 16, 8.0
"""Versions of libraries round differently: no block of this side may differ by more levels (0 to 255) on average."""

Picture = UInt8[np.ndarray, "height width 3"]


@dataclass(slots=True)
class Redrawn:
    """What pictures of a package do not follow from the rest, and what could not be made again, as sentences."""

    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def compare(self, name: str, files: Mapping[str, bytes], again: bytes) -> None:
        """Compare a JPEG of the package with the one that was made again."""
        if not _alike(files.get(name, b""), again):
            self.problems.append(f"{name} does not show what it is said to show: made again, it is another picture")


def not_redrawn(record: Mapping[str, Any], files: Mapping[str, bytes]) -> Redrawn:
    """Make previews and illustrations again as far as the package holds what they were made from, and compare."""
    done = Redrawn()
    suspects = {check["id"]: _original(check["suspect"], files, done) for check in record["checks"]}
    works = {work["id"]: _original(work, files, done) for work in record["works"]}
    for check in record["checks"]:
        _preview(check["suspect"]["files"][-1]["file"], suspects[check["id"]], files, done)
    for work in record["works"]:
        _preview(work["files"][0]["file"], works[work["id"]], files, done)
    whole = record["page"] in ALIKE  # of editions before it is not known what they drew
    previews = {work["id"]: files.get(work["files"][0]["file"], b"") for work in record["works"]}
    draw = _illustrators(works, previews)
    for check in record["checks"]:
        _illustrations(check, record["pictures"], suspects[check["id"]], draw, files, done, whole=whole)
    return done


def _original(part: Mapping[str, Any], files: Mapping[str, bytes], done: Redrawn) -> Image | None:
    """Return the picture that a part of the record encloses; None when it does not, or cannot be read here."""
    for name in (entry["file"] for entry in part["files"] if "/original." in entry["file"]):
        if sha256(files.get(name, b"")) != part["sha256"]:
            return None
        try:
            return decode(files[name], name=name)
        except ArtauditError as error:
            done.remarks.append(f"{name} cannot be read here, so that what was made from it was not compared: {error}")
    return None


def _preview(name: str, original: Image | None, files: Mapping[str, bytes], done: Redrawn) -> None:
    if original is None:
        done.remarks.append(f"{name} was not made again, as the picture itself is not in the package")
    else:
        done.compare(name, files, thumbnail(original))


def _illustrators(works: Mapping[int, Image | None], previews: Mapping[int, bytes]) -> dict[str, Illustrator]:
    from artaudit.auditor.evidence.illustrations import illustrators  # noqa: PLC0415 - heavy

    def pixels(number: int) -> Picture:
        original = works[number]
        return np.array(open_thumbnail(previews[number])) if original is None else original.rgb8

    return illustrators(pixels)


def _illustrations(
    check: Mapping[str, Any],
    pictures: Sequence[Mapping[str, Any]],
    suspect: Image | None,
    draw: Mapping[str, Illustrator],
    files: Mapping[str, bytes],
    done: Redrawn,
    *,
    whole: bool,
) -> None:
    """Draw what the findings of a check rest on again, if the checked picture is there, and compare."""
    shown = {picture["files"][0]["file"]: picture for picture in pictures if picture["check"] == check["id"]}
    if suspect is None:
        done.remarks += [f"{name} was not drawn again, as the checked picture is not in the package" for name in shown]
        return
    for number, plain in enumerate(check["evidence"]["findings"]):
        mine = {name: picture for name, picture in shown.items() if picture["finding"] == number}
        if mine or plain["work"] is not None:
            stem = f"data/findings/{check['id']}-{number + 1:02}"
            again = {} if absent_plugin(plain) else dict(_drawn(stem, suspect, plain, draw))
            _compare(mine, again, plain, files, done, whole=whole)
    for name, picture in shown.items():
        if not 0 <= picture["finding"] < len(check["evidence"]["findings"]):
            done.problems.append(f"{name} belongs to no finding")


def _compare(
    shown: Mapping[str, Mapping[str, Any]],
    again: Mapping[str, tuple[str, bytes]],
    plain: Mapping[str, Any],
    files: Mapping[str, bytes],
    done: Redrawn,
    *,
    whole: bool,
) -> None:
    """Compare the illustrations of one finding, by name, with those that were drawn again."""
    for name, picture in shown.items():
        if name in again:
            caption, jpeg = again[name]
            done.compare(name, files, jpeg if caption == picture["caption"] else b"")
        elif (absent := absent_plugin(plain)) and not again:
            done.remarks.append(f"{name} was not drawn again: {absent}")
        elif plain.get("group") == NOISE and not again:
            done.remarks.append(f"{name} was not drawn again: the model that it needs is not installed here")
        else:
            done.problems.append(f"{name} does not belong to the finding that it is said to show")
    if whole and plain["work"] is not None:
        done.problems += [f"{name}, which shows what a match rests on, was left out" for name in again.keys() - shown]


def _drawn(
    stem: str, suspect: Image, plain: Mapping[str, Any], draw: Mapping[str, Illustrator]
) -> Iterator[tuple[str, tuple[str, bytes]]]:
    illustrator = draw.get(plain["examiner"])
    try:
        for drawn in illustrator.illustrate(suspect, Finding.of(plain)) if illustrator else ():
            yield f"{stem}-{drawn.name}.jpg", (drawn.caption, encode_jpeg(drawn.rgb8))
    except UNDRAWN:
        return


def _alike(jpeg: bytes, again: bytes) -> bool:
    """Whether two JPEG files show the same, up to what encoders and versions of libraries differ by."""
    if jpeg == again:
        return True
    try:
        one, other = (np.asarray(open_thumbnail(data), np.float64) for data in (jpeg, again))
    except UNDRAWN:
        return False
    if one.shape != other.shape:
        return False
    apart = np.abs(one - other).mean(axis=2)
    rows, columns = (np.arange(0, side, BLOCK) for side in apart.shape)
    sums = np.add.reduceat(np.add.reduceat(apart, rows, axis=0), columns, axis=1)
    areas = np.minimum(BLOCK, apart.shape[0] - rows)[:, None] * np.minimum(BLOCK, apart.shape[1] - columns)
    return bool((sums / areas).max() <= LEVELS)
