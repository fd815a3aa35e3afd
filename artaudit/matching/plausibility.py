"""Which homographies from a work to a suspect a real copy can have; chance agreements rarely look plausible.

Crops, pages, rotations and photographs of screens roughly keep the work's proportions and do not fold it.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float64

MIN_SPREAD = 0.05
"""Matched points must span this share of the work or of the suspect: a shared signature or logo does not."""

MAX_STRETCH = 4.0
"""Largest ratio of the scales along and across the direction of greatest stretch."""

MAX_TILT = 4.0
"""Largest ratio of perspective depths of the work's corners."""

MAX_SCALE = 40.0
"""Largest factor, in length, by which a copy may be larger or smaller than the work."""

Located = tuple[Float64[np.ndarray, "inliers 2"], tuple[int, int]]
"""Matched points of a picture and its (width, height)."""


def is_plausible(homography: Float64[np.ndarray, "3 3"], work: Located, suspect: Located, *, mirrored: bool) -> bool:
    """Whether a copy can lie this way: not folded, not too stretched or tilted, mirrored as said, points spread out."""
    if not np.isfinite(homography).all() or abs(np.linalg.det(homography)) < 1e-12:  # noqa: PLR2004 - singular
        return False
    points, (width, height) = work
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
    depth = _depth(homography, np.vstack([corners, points]))
    if np.sign(depth).min() != np.sign(depth).max() or _extent(depth) > MAX_TILT:
        return False
    spread = max(_spread(*work), _spread(*suspect))
    turned = _jacobian(homography, points.mean(axis=0))
    handed = bool(np.linalg.det(turned) < 0) == mirrored
    return handed and spread >= MIN_SPREAD and _is_moderate(turned)


def mapped(
    homography: Float64[np.ndarray, "3 3"], points: Float64[np.ndarray, "count 2"]
) -> Float64[np.ndarray, "count 2"]:
    """Apply a homography to (x, y) points."""
    return cv2.perspectiveTransform(points.reshape(-1, 1, 2), homography).reshape(-1, 2)


def area(polygon: np.ndarray) -> float:
    """Return the area of a polygon of (x, y) corners."""
    return float(abs(cv2.contourArea(polygon.astype(np.float32))))


def turn_of(homography: Float64[np.ndarray, "3 3"], mirrored: bool, at: Float64[np.ndarray, " 2"]) -> int:  # noqa: FBT001 - the mapping's own property
    """Return the clockwise rotation near `at`, in degrees from -179 to 180; `mirrored` works were mirrored first.

    Turns within 3 degrees of a multiple of 90 are given as that multiple, others to 5 degrees.
    """
    down, across = _jacobian(homography, at), np.diag([-1.0, 1.0] if mirrored else [1.0, 1.0])
    left, _, right = np.linalg.svd(down @ across)
    rotation = left @ right
    degrees = float(np.degrees(np.arctan2(rotation[1, 0], rotation[0, 0])))
    quarter = round(degrees / 90) * 90
    turn = quarter if abs(degrees - quarter) <= 3 else round(degrees / 5) * 5  # noqa: PLR2004 - said above
    return 180 if turn in (-180, 180) else int(turn)


def _is_moderate(turned: Float64[np.ndarray, "2 2"]) -> bool:
    longest, shortest = (float(value) for value in np.linalg.svd(turned, compute_uv=False))
    if shortest <= 0 or longest / shortest > MAX_STRETCH:
        return False
    return 1 / MAX_SCALE <= (longest * shortest) ** 0.5 <= MAX_SCALE


def _depth(
    homography: Float64[np.ndarray, "3 3"], points: Float64[np.ndarray, "count 2"]
) -> Float64[np.ndarray, " count"]:
    return points @ homography[2, :2] + homography[2, 2]


def _extent(depth: Float64[np.ndarray, " count"]) -> float:
    sizes = np.abs(depth)
    return float(sizes.max() / max(float(sizes.min()), 1e-12))


def _spread(points: Float64[np.ndarray, "inliers 2"], size: tuple[int, int]) -> float:
    hull = cv2.convexHull(points.astype(np.float32)).reshape(-1, 2)
    return area(hull) / (size[0] * size[1])


def _jacobian(homography: Float64[np.ndarray, "3 3"], at: Float64[np.ndarray, " 2"]) -> Float64[np.ndarray, "2 2"]:
    """Return the Jacobian of the mapping at a point."""
    top = homography @ np.array([at[0], at[1], 1.0])
    return (homography[:2, :2] - np.outer(top[:2] / top[2], homography[2, :2])) / top[2]
