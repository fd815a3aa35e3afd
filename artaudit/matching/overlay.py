"""The illustration of a match: suspect and work side by side, outlined, with lines between matched points."""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import UInt8
from PIL import Image as Pillow

from artaudit.matching.confirmation import Confirmation, Polygon

WIDTH = 1600
_PANEL_HEIGHT, _MARGIN, _GAP, _CAPTION = 1000, 8, 48, 36
_LINES, _ENLARGED = 32, 2.0
# Okabe and Ito's colours that stay apart for colour-blind eyes, https://jfly.uni-koeln.de/color/
_OUTLINE, _LINE = (230, 159, 0), (86, 180, 233)
_DARK, _WHITE, _PAPER = (0, 0, 0), (255, 255, 255), 232
_SHIFT = 4


@dataclass(frozen=True, slots=True)
class _Panel:
    """One of the two pictures on the sheet, with the mapping from its full-size pixels to those of the sheet."""

    picture: UInt8[np.ndarray, "rows columns 3"]
    scale: tuple[float, float]
    left: int

    def place(self, points: Polygon) -> np.ndarray:
        """Return sheet positions in sixteenths of a pixel, as OpenCV draws them."""
        placed = np.array(points, np.float64) * self.scale + (self.left, _MARGIN)
        return np.rint(placed * 2**_SHIFT).astype(np.int32)


def overlay(
    suspect: UInt8[np.ndarray, "height width 3"],
    work: UInt8[np.ndarray, "rows columns 3"],
    confirmation: Confirmation,
) -> UInt8[np.ndarray, "sheet_height sheet_width 3"]:
    """Draw the suspect (left) and the work (right), the shared region outlined in both, with lines between them.

    Either picture may be a smaller preview of the one that was compared. The sheet is at most 1600 pixels wide.
    """
    half = (WIDTH - _GAP - 2 * _MARGIN) // 2
    left = _panel(suspect, confirmation.suspect_size, half, _MARGIN)
    right = _panel(work, confirmation.work_size, half, _MARGIN + left.picture.shape[1] + _GAP)
    height = _MARGIN + max(left.picture.shape[0], right.picture.shape[0])
    sheet = np.full((height + _CAPTION, right.left + right.picture.shape[1] + _MARGIN, 3), _PAPER, np.uint8)
    for panel, caption in ((left, "checked picture"), (right, "registered work")):
        rows, columns = panel.picture.shape[:2]
        sheet[_MARGIN : _MARGIN + rows, panel.left : panel.left + columns] = panel.picture
        base = (panel.left, height + _CAPTION - 12)
        cv2.putText(sheet, caption, base, cv2.FONT_HERSHEY_SIMPLEX, 0.6, _DARK, 1, cv2.LINE_AA)
    _draw_lines(sheet, left, right, confirmation)
    _draw_outline(sheet, left.place(confirmation.region))
    _draw_outline(sheet, right.place(confirmation.work_region))
    return sheet


def encode_jpeg(rgb8: UInt8[np.ndarray, "height width 3"], quality: int = 88) -> bytes:
    """Return the picture as a JPEG file, `quality` 1 to 95."""
    return _encoded(rgb8, "JPEG", quality=quality)


def encode_png(rgb8: UInt8[np.ndarray, "height width 3"]) -> bytes:
    """Return the picture as a PNG file."""
    return _encoded(rgb8, "PNG", optimize=True)


def _encoded(rgb8: UInt8[np.ndarray, "height width 3"], kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(rgb8).save(buffer, kind, **options)
    return buffer.getvalue()


def _panel(rgb8: UInt8[np.ndarray, "height width 3"], full: tuple[int, int], width: int, left: int) -> _Panel:
    scale = min(width / rgb8.shape[1], _PANEL_HEIGHT / rgb8.shape[0], _ENLARGED)
    size = max(1, round(rgb8.shape[1] * scale)), max(1, round(rgb8.shape[0] * scale))
    picture = cv2.resize(rgb8, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    return _Panel(picture, (size[0] / full[0], size[1] / full[1]), left)


def _draw_lines(
    sheet: UInt8[np.ndarray, "height width 3"], left: _Panel, right: _Panel, confirmation: Confirmation
) -> None:
    ordered = sorted(confirmation.matches, key=lambda pair: (pair[1][1], pair[1][0]))
    chosen = [ordered[place] for place in sorted({round(at) for at in np.linspace(0, len(ordered) - 1, _LINES)})]
    ours = right.place(tuple(pair[0] for pair in chosen)).tolist()
    theirs = left.place(tuple(pair[1] for pair in chosen)).tolist()
    for begin, end in zip(theirs, ours, strict=True):
        cv2.line(sheet, begin, end, _LINE, 1, cv2.LINE_AA, _SHIFT)
        for point in (begin, end):
            cv2.circle(sheet, point, 4 << _SHIFT, _DARK, -1, cv2.LINE_AA, _SHIFT)
            cv2.circle(sheet, point, 3 << _SHIFT, _LINE, -1, cv2.LINE_AA, _SHIFT)


def _draw_outline(sheet: UInt8[np.ndarray, "height width 3"], corners: np.ndarray) -> None:
    for colour, thickness in ((_DARK, 7), (_WHITE, 5), (_OUTLINE, 3)):
        cv2.polylines(sheet, [corners.reshape(-1, 1, 2)], True, colour, thickness, cv2.LINE_AA, _SHIFT)  # noqa: FBT003 - closed
