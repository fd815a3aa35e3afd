"""What is left of a picture when its content is taken away: signed noise residuals, in levels of 255.

The kernels are those of the spatial rich model, Fridrich and Kodovsky 2012, https://doi.org/10.1109/TIFS.2012.2190402.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from jaxtyping import Float

Plane = Float[np.ndarray, "rows columns"]
Part = Float[np.ndarray, "fewer_rows fewer_columns"]
"""What filtering a plane leaves of it."""

KERNELS: dict[str, Float[np.ndarray, "_ _"]] = {
    "first": np.array([[-1.0, 1.0]]),
    "second": np.array([[1.0, -2.0, 1.0]]) / 2,
    "third": np.array([[1.0, -3.0, 3.0, -1.0]]) / 3,
    "diagonal": np.array([[1.0, -1.0], [-1.0, 1.0]]) / 2,
    "square 3": np.array([[-1.0, 2.0, -1.0], [2.0, -4.0, 2.0], [-1.0, 2.0, -1.0]]) / 4,
    "square 5": np.array(
        [[-1.0, 2, -2, 2, -1], [2, -6, 8, -6, 2], [-2, 8, -12, 8, -2], [2, -6, 8, -6, 2], [-1, 2, -2, 2, -1]]
    )
    / 12,
}
"""Kernels by name; those that are not square are laid across and down."""

KINDS = (*KERNELS, "gaussian")


def residuals(grey: Plane, kinds: Sequence[str] = KINDS) -> Iterator[tuple[str, Part]]:
    """Yield each residual with its kind, in levels: the kernels, then what a Gaussian of one pixel misses."""
    for name, kernel in KERNELS.items():
        if name not in kinds:
            continue
        for laid in (kernel, kernel.T) if kernel.shape[0] != kernel.shape[1] else (kernel,):
            yield name, _valid(grey, laid)
    if "gaussian" in kinds:
        yield "gaussian", gaussian_residual(grey)


def gaussian_residual(plane: Plane) -> Plane:
    """Return a plane less its blur by one pixel."""
    return plane - cv2.GaussianBlur(plane, (7, 7), 1.0, borderType=cv2.BORDER_REFLECT_101)


def haar(plane: Plane) -> tuple[Part, tuple[Part, Part, Part]]:
    """Return a level of the Haar wavelet: the low band, and the bands across, down and diagonal, orthonormal."""
    rows, columns = plane.shape[0] // 2 * 2, plane.shape[1] // 2 * 2
    a, b = plane[:rows:2, :columns:2], plane[:rows:2, 1:columns:2]
    c, d = plane[1:rows:2, :columns:2], plane[1:rows:2, 1:columns:2]
    return (a + b + c + d) / 2, ((a - b + c - d) / 2, (a + b - c - d) / 2, (a - b - c + d) / 2)


def _valid(plane: Plane, kernel: Float[np.ndarray, "_ _"]) -> Part:
    """Filter a plane where the kernel lies inside it."""
    down, across = kernel.shape
    whole = cv2.filter2D(plane, -1, kernel.astype(plane.dtype), anchor=(0, 0), borderType=cv2.BORDER_REPLICATE)
    return whole[: plane.shape[0] - down + 1, : plane.shape[1] - across + 1]
