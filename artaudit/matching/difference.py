"""What differs between a copy and its work: the work warped onto the checked picture, and their difference."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float64, UInt8

from artaudit.matching.confirmation import Confirmation
from artaudit.matching.overlay import WIDTH

AMPLIFIED = 4
"""Factor by which differences are amplified around middle grey."""

_GAP, _CAPTION, _PAPER, _MIDDLE = 8, 36, 232, 128
_PANEL = (WIDTH - 4 * _GAP) // 3

Picture = UInt8[np.ndarray, "height width 3"]


def laid_on(
    suspect: Picture, work: UInt8[np.ndarray, "rows columns 3"], confirmation: Confirmation
) -> tuple[UInt8[np.ndarray, "height width 3"], UInt8[np.ndarray, "height width"]]:
    """Return the work warped onto the suspect, inverted if the copy is, and a mask of where it lies (0 or 255).

    Either picture may be a smaller preview of the one that was compared.
    """
    matrix = _scale(suspect, confirmation.suspect_size) @ np.array(confirmation.homography, np.float64)
    matrix = matrix @ np.linalg.inv(_scale(work, confirmation.work_size))
    size = suspect.shape[1], suspect.shape[0]
    coloured = 255 - work if confirmation.inverted else work
    placed = cv2.warpPerspective(coloured, matrix, size, flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.full(work.shape[:2], 255, np.uint8), matrix, size, flags=cv2.INTER_NEAREST)
    return placed, mask


def difference(
    suspect: Picture, work: UInt8[np.ndarray, "rows columns 3"], confirmation: Confirmation
) -> UInt8[np.ndarray, "sheet_height sheet_width 3"]:
    """Draw the part of the suspect that holds the work, the work laid on it, and their difference, amplified.

    Middle grey means no difference; pixels outside the work are middle grey too.
    """
    placed, mask = laid_on(suspect, work, confirmation)
    amplified = np.clip(_MIDDLE + AMPLIFIED * (suspect.astype(np.int16) - placed), 0, 255).astype(np.uint8)
    inside = mask[..., None] > 0
    panels = [suspect, np.where(inside, placed, _PAPER), np.where(inside, amplified, _MIDDLE)]
    left, top, width, height = _bounds(mask)
    scale = min(_PANEL / width, _PANEL / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    sheet = np.full((size[1] + 2 * _GAP + _CAPTION, WIDTH, 3), _PAPER, np.uint8)
    captions = ("checked picture", "registered work, laid on it", f"difference x {AMPLIFIED}, grey is none")
    for number, (panel, caption) in enumerate(zip(panels, captions, strict=True)):
        cut = panel[top : top + height, left : left + width].astype(np.uint8)
        at = _GAP + number * (_PANEL + _GAP)
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
        sheet[_GAP : _GAP + size[1], at : at + size[0]] = cv2.resize(cut, size, interpolation=way)
        base = (at, size[1] + _GAP + _CAPTION - 12)
        cv2.putText(sheet, caption, base, cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 1, cv2.LINE_AA)
    return sheet


def shared_parts(
    suspect: Picture, work: UInt8[np.ndarray, "rows columns 3"], confirmation: Confirmation
) -> tuple[UInt8[np.ndarray, "tall wide 3"], UInt8[np.ndarray, "tall wide 3"]]:
    """Return the part of the suspect that holds the work, and the work laid on it, to be shown over each other."""
    placed, mask = laid_on(suspect, work, confirmation)
    left, top, width, height = _bounds(mask)
    inside = mask[top : top + height, left : left + width, None] > 0
    cut, laid = (picture[top : top + height, left : left + width] for picture in (suspect, placed))
    return cut, np.where(inside, laid, np.uint8(_PAPER)).astype(np.uint8)


def _bounds(mask: UInt8[np.ndarray, "height width"]) -> tuple[int, int, int, int]:
    """Return left, top, width and height of what a mask holds; the whole where it holds nothing."""
    if not mask.any():
        return 0, 0, mask.shape[1], mask.shape[0]
    left, top, width, height = cv2.boundingRect(cv2.findNonZero(mask))
    return left, top, width, height


def _scale(picture: Picture, full: tuple[int, int]) -> Float64[np.ndarray, "3 3"]:
    """Return the matrix from pixels of the full-size picture to those of a smaller one."""
    return np.diag([picture.shape[1] / full[0], picture.shape[0] / full[1], 1.0])
