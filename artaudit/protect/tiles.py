"""Windows over a picture of any size, so that memory depends on the window and not on the picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tile:
    """A window that models see, and its core that is changed, in rows and columns of the picture."""

    window: tuple[slice, slice]
    core: tuple[slice, slice]

    @property
    def core_in_window(self) -> tuple[slice, slice]:
        """The core, in rows and columns of the window."""
        rows, columns = (
            slice(core.start - window.start, core.stop - window.start)
            for core, window in zip(self.core, self.window, strict=True)
        )
        return rows, columns


def tiles(height: int, width: int, *, core: int = 512, margin: int = 64) -> Iterator[Tile]:
    """Yield tiles whose cores cover the picture once; windows reach `margin` pixels further.

    `core` and `margin` are multiples of 64, which every encoder's factor divides. A rest of at most half a core joins
    its neighbour, so a picture of at most one core and a half along a side is not cut along it.
    """
    for rows, row_window in _spans(height, core, margin):
        for columns, column_window in _spans(width, core, margin):
            yield Tile(window=(row_window, column_window), core=(rows, columns))


def whole(height: int, width: int) -> Tile:
    """Return the tile that is the whole picture."""
    everything = slice(0, height), slice(0, width)
    return Tile(window=everything, core=everything)


def _spans(length: int, core: int, margin: int) -> Iterator[tuple[slice, slice]]:
    starts = list(range(0, length, core))
    if len(starts) > 1 and length - starts[-1] <= core // 2:
        starts.pop()
    for start, stop in zip(starts, [*starts[1:], length], strict=True):
        yield slice(start, stop), slice(max(0, start - margin), min(length, stop + margin))
