"""Geometric confirmation: whether matched keypoints agree on one plausible homography from work to suspect.

Barath et al., "MAGSAC++, a fast, reliable and accurate robust estimator", 2020, https://arxiv.org/abs/1912.05909
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from jaxtyping import Float32, Float64, Int

from artaudit.matching.keypoints import LARGE_SIDE, Keypoints
from artaudit.matching.plausibility import area, is_plausible, mapped, turn_of

CONFIRMED, WEAK = 15, 10
"""Inliers of one mapping: at least 15 confirm a copy, 10 to 14 are a weak sign, fewer are none."""

RATIO = 0.8
TOLERANCE = 4.0
"""Largest reprojection error of an inlier, in pixels of the suspect scaled to at most 1600 pixels."""

_ITERATIONS, _CONFIDENCE = 10_000, 0.9999
_ROWS = 256
_SMOOTH = 1.0
_HALF_TURN = 180

Point = tuple[float, float]
Polygon = tuple[Point, ...]
Matrix = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Where a work lies in a suspect, and the matched points that support it.

    `inliers` counts the pairs of points that agree. `homography` maps (x, y, 1) of the work to the suspect, both in
    pixels of the full-size upright pictures. `region` is the outline of the work in the suspect, clipped at its border;
    `work_region` is the part of the work inside the suspect. Both follow from the homography, so parts of them may be
    covered by something else; `coverage` is the share of `work_region` between matched points. `work_share` and
    `suspect_share` are the shares of the two pictures' areas that the regions take. Sizes are (width, height);
    `matches` are pairs of (work, suspect) points.
    """

    inliers: int
    mirrored: bool
    inverted: bool
    homography: Matrix
    region: Polygon
    work_region: Polygon
    suspect_size: tuple[int, int]
    work_size: tuple[int, int]
    work_share: float
    suspect_share: float
    coverage: float
    matches: tuple[tuple[Point, Point], ...] = field(repr=False)

    @property
    def confirmed(self) -> bool:
        """Whether there are enough inliers to call it a copy."""
        return self.inliers >= CONFIRMED

    @property
    def orientation(self) -> str:
        """The orientation of the copy in words."""
        turn = turn_of(np.array(self.homography), self.mirrored, np.array(self.work_region).mean(axis=0))
        words = [_turned(turn, mirrored=self.mirrored), "colours inverted" if self.inverted else ""]
        return ", ".join(word for word in words if word) or "as registered"


def confirm(
    suspect: Keypoints, work: Keypoints, *, inverted: bool = False, mirrored: bool | None = None
) -> Confirmation | None:
    """Look for `work` in `suspect`, with its colours inverted if `inverted`; mirrored or not, both ways if None.

    Returns None when fewer than 10 points agree on a plausible homography. The same input gives the same output.
    """
    described = suspect.inverted() if inverted else suspect
    ways = (False, True) if mirrored is None else (mirrored,)
    fits = [_fit(suspect, work, pairs(described.mirrored() if way else described, work), mirrored=way) for way in ways]
    best = max((fit for fit in fits if fit), key=lambda fit: fit.inliers, default=None)
    return replace(best, inverted=inverted) if best else None


def pairs(suspect: Keypoints, work: Keypoints) -> Int[np.ndarray, "pairs 2"]:
    """Match descriptors one to one; return indices (suspect, work), the most distinct pairs first.

    A pair is kept when the suspect's nearest descriptor of the work is nearer than 0.8 of the second nearest, and
    no other descriptor of the suspect is nearer to that one.
    """
    if not len(suspect) or len(work) < 2:  # noqa: PLR2004 - the ratio test needs two
        return np.empty((0, 2), np.int64)
    first, second, place = _two_nearest(suspect.descriptors.astype(np.float32), work.descriptors.astype(np.float32))
    ratio = first / np.maximum(second, 1.0)
    kept = np.flatnonzero(ratio < RATIO**2)
    kept = kept[np.argsort(first[kept], kind="stable")]
    _, nearest = np.unique(place[kept], return_index=True)
    kept = kept[np.sort(nearest)]
    kept = kept[np.argsort(ratio[kept], kind="stable")]
    return np.stack([kept, place[kept]], axis=1)


def squared_distances(
    left: Float32[np.ndarray, "rows 128"], right: Float32[np.ndarray, "columns 128"]
) -> Float32[np.ndarray, "rows columns"]:
    """Return squared distances of vectors of whole numbers; they are exact and so equal on every machine."""
    ours = np.concatenate([left, _squares(left), np.ones((len(left), 1), np.float32)], axis=1)
    theirs = np.concatenate([-2 * right, np.ones((len(right), 1), np.float32), _squares(right)], axis=1)
    return ours @ theirs.T


def _two_nearest(
    left: Float32[np.ndarray, "rows 128"], right: Float32[np.ndarray, "columns 128"]
) -> tuple[Float32[np.ndarray, " rows"], Float32[np.ndarray, " rows"], Int[np.ndarray, " rows"]]:
    """Return each row's squared distances to the nearest and second nearest column, and the index of the nearest."""
    first, second = np.empty((2, len(left)), np.float32)
    place = np.empty(len(left), np.int64)
    for begin in range(0, len(left), _ROWS):
        part = slice(begin, begin + _ROWS)
        distances = squared_distances(left[part], right)
        rows, place[part] = np.arange(len(distances)), distances.argmin(axis=1)
        first[part] = distances[rows, place[part]]
        distances[rows, place[part]] = np.inf
        second[part] = distances.min(axis=1)
    return first, second, place


def _squares(vectors: Float32[np.ndarray, "rows 128"]) -> Float32[np.ndarray, "rows 1"]:
    return (vectors * vectors).sum(axis=1, keepdims=True)


def _fit(
    suspect: Keypoints, work: Keypoints, places: Int[np.ndarray, "pairs 2"], *, mirrored: bool
) -> Confirmation | None:
    scale = min(1.0, LARGE_SIDE / max(suspect.size))
    places = _distinct(suspect.points[places[:, 0]] * scale, work.points[places[:, 1]], places)
    if len(places) < WEAK:
        return None
    theirs = suspect.points[places[:, 0]].astype(np.float64)
    ours = work.points[places[:, 1]].astype(np.float64)
    frame = np.diag([-scale if mirrored else scale, scale, 1.0])
    cv2.setRNGSeed(0)
    # the estimator finds only homographies that keep orientation, so a mirrored suspect is mirrored back for it
    matrix, mask = cv2.findHomography(
        ours, mapped(frame, theirs), cv2.USAC_MAGSAC, TOLERANCE, maxIters=_ITERATIONS, confidence=_CONFIDENCE
    )
    if matrix is None or mask is None or int(mask.sum()) < WEAK:
        return None
    inside = mask.ravel().astype(bool)
    homography = np.linalg.inv(frame) @ matrix
    ours, theirs = ours[inside], theirs[inside]
    if not is_plausible(homography, (ours, work.size), (theirs, suspect.size), mirrored=mirrored):
        return None
    return _described(homography, (ours, work.size), (theirs, suspect.size), mirrored=mirrored)


def _distinct(
    theirs: Float32[np.ndarray, "pairs 2"], ours: Float32[np.ndarray, "pairs 2"], places: Int[np.ndarray, "pairs 2"]
) -> Int[np.ndarray, "kept 2"]:
    """Keep one pair per position: SIFT gives a point with several dominant directions several keypoints."""
    kept = places
    for points in (ours, theirs):
        whole = np.rint(points).astype(np.int64)
        _, first = np.unique(whole[np.isin(places[:, 0], kept[:, 0])], axis=0, return_index=True)
        kept = kept[np.sort(first)]
    return kept


def _described(
    homography: Float64[np.ndarray, "3 3"],
    ours: tuple[Float64[np.ndarray, "inliers 2"], tuple[int, int]],
    theirs: tuple[Float64[np.ndarray, "inliers 2"], tuple[int, int]],
    *,
    mirrored: bool,
) -> Confirmation | None:
    """Return the confirmation with both regions; None when the work lies outside the suspect."""
    region = _overlap(mapped(homography, _corners(ours[1])), theirs[1])
    if len(region) < 3:  # noqa: PLR2004 - a polygon has three corners
        return None
    seen = mapped(np.linalg.inv(homography), region)
    seen = np.clip(seen, 0, np.array(ours[1], np.float64))
    rows = [tuple(float(value) for value in row) for row in homography / homography[2, 2]]
    return Confirmation(
        inliers=len(ours[0]),
        mirrored=mirrored,
        inverted=False,
        homography=(rows[0], rows[1], rows[2]),  # type: ignore[arg-type]
        region=_polygon(region),
        work_region=_polygon(seen),
        suspect_size=theirs[1],
        work_size=ours[1],
        work_share=_share(area(seen), ours[1]),
        suspect_share=_share(area(region), theirs[1]),
        coverage=_coverage(ours[0], seen),
        matches=tuple(zip(_polygon(ours[0]), _polygon(theirs[0]), strict=True)),
    )


def _turned(turn: int, *, mirrored: bool) -> str:
    way = "" if turn == _HALF_TURN else " clockwise" if turn > 0 else " counterclockwise"
    rotated = f"rotated by {abs(turn)}°{way}" if turn else ""
    if not mirrored or not rotated:
        return rotated or ("mirrored" if mirrored else "")
    return "mirrored upside down" if turn == _HALF_TURN else f"mirrored, then {rotated}"


def _corners(size: tuple[int, int]) -> Float64[np.ndarray, "4 2"]:
    width, height = size
    return np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)


def _overlap(quad: Float64[np.ndarray, "4 2"], size: tuple[int, int]) -> Float64[np.ndarray, "corners 2"]:
    """Clip a convex outline at a picture's four sides; the result has no corners when it lies outside.

    Sutherland and Hodgman, "Reentrant polygon clipping", 1974, https://doi.org/10.1145/360767.360802
    """
    outline = quad
    for axis, limit, sign in ((0, 0.0, 1), (1, 0.0, 1), (0, float(size[0]), -1), (1, float(size[1]), -1)):
        inward = sign * (outline[:, axis] - limit)
        kept: list[np.ndarray] = []
        for place, height in enumerate(inward):
            before = inward[place - 1]
            if (height > 0) != (before > 0):
                kept.append(outline[place - 1] + (outline[place] - outline[place - 1]) * before / (before - height))
            if height > 0:
                kept.append(outline[place])
        outline = np.array(kept, np.float64).reshape(-1, 2)
    if not len(outline):
        return outline
    corners = cv2.approxPolyDP(outline.astype(np.float32), _SMOOTH, closed=True)
    return np.clip(corners.reshape(-1, 2).astype(np.float64), 0, np.array(size, np.float64))


def _polygon(points: Float64[np.ndarray, "corners 2"]) -> Polygon:
    return tuple((round(float(x), 2), round(float(y), 2)) for x, y in points)


def _share(part: float, size: tuple[int, int]) -> float:
    return round(min(1.0, part / (size[0] * size[1])), 4)


def _coverage(points: Float64[np.ndarray, "inliers 2"], seen: Float64[np.ndarray, "corners 2"]) -> float:
    hull = cv2.convexHull(points.astype(np.float32)).reshape(-1, 2)
    return round(min(1.0, area(hull) / max(area(seen), 1.0)), 4)
