"""Tiles cover every pixel once, stay small and start where encoders' grids do."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from artaudit.protect.tiles import tiles


@given(st.integers(64, 3000), st.integers(64, 3000))
def test_cores_cover_the_picture_once_and_lie_in_their_windows(height, width):
    seen = np.zeros((height, width), np.uint8)
    for tile in tiles(height, width):
        seen[tile.core] += 1
        for core, window in zip(tile.core, tile.window, strict=True):
            assert window.start <= core.start < core.stop <= window.stop
            assert window.start % 64 == 0
            assert window.stop - window.start <= 512 + 256 + 2 * 64
        rows, columns = tile.core_in_window
        assert seen[tile.window][rows, columns].shape == seen[tile.core].shape
    assert seen.min() == seen.max() == 1
