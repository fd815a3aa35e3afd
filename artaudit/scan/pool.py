"""Runs the stage on this machine: threads that hand pictures to processes, as many at once as there is work for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from artaudit.image import isolation
from artaudit.scan.rows import Outcome, Row
from artaudit.scan.shards.finding import Shard
from artaudit.scan.shards.item import Item
from artaudit.scan.stage import Stage

_AHEAD = 4
"""Pictures, for each worker, that are read before they are needed."""
_HELD = 1 << 30
"""Bytes of pictures that are read before they are needed, at most."""

Known = Callable[[str], Outcome | None]


@dataclass(frozen=True, slots=True)
class Begun:
    """A shard, its number in the file of the scan, and the place to go on from."""

    number: int
    shard: Shard
    start: int


@dataclass(frozen=True, slots=True)
class Seen:
    """A row of shard `number`, with the bytes of its picture; without a row, the end of the shard."""

    number: int
    row: Row | None = None
    data: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class PoolEngine:
    """Looks at pictures in `workers` processes at once."""

    stage: Stage
    workers: int

    def __call__(self, begun: Iterable[Begun], known: Known) -> Iterator[Seen]:
        """Yield the rows of shards in their order; of a picture that is `known`, what is known of it."""
        isolation.allow(self.workers)
        window: deque[tuple[int, Future[Row] | None, bytes]] = deque()
        threads = ThreadPoolExecutor(self.workers, "scan")
        try:
            for shard in begun:
                for item in shard.shard.items(shard.start):
                    window.append((shard.number, threads.submit(self._row, item, _repeat(item, known)), item.data))
                    while len(window) > _AHEAD * self.workers or sum(len(data) for *_, data in window) > _HELD:
                        yield _first(window)
                window.append((shard.number, None, b""))
            while window:
                yield _first(window)
        finally:
            threads.shutdown(wait=False, cancel_futures=True)

    def _row(self, item: Item, repeat: Row | None) -> Row:
        return repeat or left(item) or self.stage(item)


def left(item: Item) -> Row | None:
    """Return the row of an item that could not be read at all, None for one that could."""
    if not item.left:
        return None
    about = Row(place=item.place, key=item.key, sha256="", outcome="refused", context=item.context)
    return {**about, "reason": item.left}


def _repeat(item: Item, known: Known) -> Row | None:
    """Return the row of a picture that was looked at before, None for one that was not."""
    outcome = known(item.sha256) if item.sha256 else None
    if outcome is None or outcome == "listed":
        return None
    return Row(place=item.place, key=item.key, sha256=item.sha256, outcome=outcome, context=item.context)


def _first(window: deque[tuple[int, Future[Row] | None, bytes]]) -> Seen:
    number, future, data = window.popleft()
    return Seen(number, future.result() if future else None, data)
