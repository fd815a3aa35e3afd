"""A scan from its beginning, or from where it was stopped, to its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from artaudit.auditor.capture.found import kind_of
from artaudit.errors import ScanError
from artaudit.image import isolation, write_atomically
from artaudit.matching import Portfolio
from artaudit.scan import works
from artaudit.scan.pool import Begun, Known, Seen
from artaudit.scan.rows import Row
from artaudit.scan.shards.finding import Shard, shards
from artaudit.scan.store import NAME, Store

FOUND = "found"
"""The folder, in that of the scan, of the pictures that show a work or may show one."""
_BATCH, _SECONDS = 64, 1.0
"""Rows, and seconds, after which rows are kept."""
_SHOWN = ("found", "unsure")


class Engine(Protocol):
    """Runs the stage over shards; see `artaudit.scan.pool`."""

    def __call__(self, begun: Iterable[Begun], known: Known) -> Iterator[Seen]:
        """Yield rows, those of a shard in their order, each shard followed by its end."""
        ...


@dataclass(slots=True)
class Progress:
    """How far a run is: pictures looked at by this run, those of them that show or may show a work or were refused."""

    begun_at: float = field(default_factory=time.monotonic)
    pictures: int = 0
    found: int = 0
    refused: int = 0
    shard: str = ""

    @property
    def rate(self) -> float:
        """Pictures a second since the run began."""
        return self.pictures / max(time.monotonic() - self.begun_at, 1e-9)

    def count(self, row: Row) -> None:
        """Count a row."""
        self.pictures += 1
        self.found += row["outcome"] in (*_SHOWN, "listed")
        self.refused += row["outcome"] == "refused"


Watch = Callable[[Progress], None]


def scan(
    named: Sequence[Path],
    folder: Path,
    portfolio: Callable[[], AbstractContextManager[Portfolio]],
    engine: Callable[[Path], Engine],
    watch: Watch = lambda _: None,
) -> Progress:
    """Look for the works of a portfolio in all pictures that files and folders hold; keep rows in `folder`.

    A folder that holds a scan goes on with it, and with the works that it began with: `portfolio` is then not opened.
    `engine` is made from the folder of the works. Raises UsageError for names without pictures, and ScanError where
    another scan holds the folder, where it cannot be written, and for a portfolio without works.
    """
    found = shards(named)
    _made(folder)
    progress = Progress()
    with Store(folder) as store, isolation.isolated():
        if not store.about("works"):
            with portfolio() as opened:
                _keep_works(store, opened)
        keeping = _Keeping(store, {})
        try:
            for seen in engine(folder.absolute())(_begun(store, found, keeping), store.outcome):
                if seen.row is not None:
                    progress.count(seen.row)
                    progress.shard = keeping.shards[seen.number].path.name
                keeping.take(seen)
                watch(progress)
        finally:
            keeping.flush()
    return progress


def _made(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / NAME).exists() and any(folder.iterdir()):
            raise ScanError(f"{folder} holds something else than a scan: name a new folder with -o.")
    except OSError as error:
        raise ScanError(f"{folder} cannot be written ({error.strerror}): choose another place with -o.") from error


def _keep_works(store: Store, portfolio: Portfolio) -> None:
    """Write what the scan looks for into its folder."""
    numbers = {entry.work for entry in portfolio.entries}
    if not numbers:
        raise ScanError("There are no works to look for: register some with `audit register`.")
    digest = works.write(portfolio, store.folder)
    store.tell(works=digest, count=str(len(numbers)), begun_at=time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()))


def _begun(store: Store, found: Sequence[Shard], keeping: _Keeping) -> Iterator[Begun]:
    """Yield the shards that are not finished, each when it is asked for."""
    for shard in found:
        number, start, finished = store.begin(str(shard.path), shard.kind, shard.state)
        keeping.shards[number] = shard
        if not finished:
            yield Begun(number, shard, start)


@dataclass(slots=True)
class _Keeping:
    """Collects rows of one shard and keeps them in batches."""

    store: Store
    shards: dict[int, Shard]
    _number: int = 0
    _rows: list[Row] = field(default_factory=list)
    _since: float = field(default_factory=time.monotonic)

    def take(self, seen: Seen) -> None:
        """Take a row or the end of a shard."""
        if seen.number != self._number:
            self.flush()
            self._number = seen.number
        if seen.row is None:
            self.flush(finished=True)
            return
        if seen.row["outcome"] in _SHOWN and seen.data:
            self._save(seen.row["sha256"], seen.data)
        self._rows.append(seen.row)
        if len(self._rows) >= _BATCH or time.monotonic() - self._since > _SECONDS:
            self.flush()

    def flush(self, *, finished: bool = False) -> None:
        """Keep what was collected."""
        if self._rows or finished:
            self.store.add(self._number, self._rows, finished=finished)
            self._rows = []
        self._since = time.monotonic()

    def _save(self, sha256: str, data: bytes) -> None:
        """Keep the file of a picture that shows a work, so that it can be checked."""
        path = self.store.folder / FOUND / file_name(sha256, data)
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            write_atomically(path, data)


def file_name(sha256: str, data: bytes) -> str:
    """Return the name under which a found picture is kept."""
    return f"{sha256[:16]}.{kind_of(data) or 'picture'}"
