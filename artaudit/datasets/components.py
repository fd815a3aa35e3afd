"""Which pictures belong together, directly or through others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from artaudit.datasets.manifest import Row

TOGETHER = ("pair", "group", "sha256")
"""Columns whose equal values always keep pictures together."""


def components(rows: Sequence[Row], columns: Sequence[str] = TOGETHER) -> Int[np.ndarray, " rows"]:
    """Return one number per row, the same for rows that share a value, directly or through others.

    Empty values join nothing.
    """
    numbers: dict[tuple[str, str], int] = {}
    ties = [
        (place, numbers.setdefault((column, value), len(numbers)))
        for place, row in enumerate(rows)
        for column in columns
        if (value := str(getattr(row, column) or ""))
    ]
    ends = np.array(ties, int).reshape(-1, 2) + np.array([0, len(rows)])
    side = len(rows) + len(numbers)
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(side, side))
    return connected_components(graph, directed=False)[1][: len(rows)].astype(int)
