"""Writes what can be proved of a damaged registry into a new one, and says what could not be.

An event of the log proves itself by its own digest, and by its row's digest the row. The log up to the first event that
is missing or changed is taken over as it is; rows that later events prove get new events, of the kind "recover".
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice, product
from pathlib import Path
from typing import Any

from artaudit.auditor.registry.carving import Record, carved
from artaudit.auditor.registry.hash_chain import GENESIS, Event, canonical, link
from artaudit.auditor.registry.rows import fields_of, payload_or_empty
from artaudit.auditor.registry.store import LOGGED, Store
from artaudit.errors import RegistryError
from artaudit.image.writing import ensure_new, write_atomically

_TRIED = 64
"""How many ways to put a row together are tried at most."""
_COLUMNS = 6
"""Columns of the log."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """What became of a damaged registry: how many rows of each table were proved, and sentences about what was not.

    `events` is how many events of the log were taken over as they were.
    """

    events: int
    proved: dict[str, int]
    lost: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def recover(path: Path, target: Path, by: str) -> Recovery:
    """Read the damaged registry at `path`, which stays as it is, and write what can be proved to `target`.

    Beside it, `target`.lost.txt lists what could not be proved, where that is anything. Raises RegistryError where
    `target` exists, where the file cannot be read or nothing in it can be proved.
    """
    ensure_new(target, kind=RegistryError)
    try:
        found = _Found(carved(path))
    except OSError as error:
        raise RegistryError(f"{path} cannot be read ({error.strerror}): see whether its disk can be read.") from error
    if not found.events:
        raise RegistryError(f"{path} holds no event of a registry's log that can be proved: restore a backup.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as folder:
        store = Store(Path(folder) / "new", by)
        try:
            recovery = _rebuilt(store, found)
            store.backup(target)
        finally:
            store.close()
    if recovery.lost:
        write_atomically(target.with_name(f"{target.name}.lost.txt"), "".join(f"{x}\n" for x in recovery.lost).encode())
    return recovery


class _Found:
    """What was carved: events that prove themselves, by number, and records by number of the row, or of the work."""

    def __init__(self, records: Iterator[Record]) -> None:
        self.events: dict[int, Event] = {}
        self.rows: dict[int, set[tuple[Any, ...]]] = defaultdict(set)
        self.fingerprints: dict[int, dict[str, set[bytes]]] = defaultdict(lambda: defaultdict(set))
        self.suspects: dict[str, bytes] = {}
        for row, values in records:
            event = _event(row, values)
            if event is not None:
                self.events[row] = event
            elif [type(value) for value in values] == [int, str, bytes]:
                self.fingerprints[values[0]][values[1]].add(values[2])  # type: ignore[index, arg-type]
            elif [type(value) for value in values] == [str, bytes]:
                self.suspects[hashlib.sha256(values[1]).hexdigest()] = values[1]  # type: ignore[arg-type, assignment]
            else:
                self.rows[row].add(values)

    def of_work(self, number: int) -> Iterator[dict[str, bytes]]:
        """Yield each set of fingerprints that a work may have had."""
        kinds = self.fingerprints.get(number, {})
        for chosen in product(*kinds.values()):
            yield dict(zip(kinds, chosen, strict=True))


def _event(row: int, values: Sequence[Any]) -> Event | None:
    """Return the event of a record, None where it does not prove itself."""
    if len(values) != _COLUMNS or not all(isinstance(value, str) for value in values[1:]):
        return None
    _, at, kind, payload, prev, digest = values
    event = Event(row, at, kind, payload_or_empty(payload), prev, digest)
    return event if link(row, at, kind, event.payload, prev).hash == digest else None


def _rebuilt(store: Store, found: _Found) -> Recovery:
    proved, lost, prev, whole = dict.fromkeys(LOGGED, 0), list[str](), GENESIS, 0
    with store.writing():
        for seq in sorted(found.events):
            event = found.events[seq]
            chained = seq == whole + 1 and event.prev == prev
            table, number = event.payload.get("table"), event.payload.get("id")
            ok = table in LOGGED and isinstance(number, int) and _put(store, found, event, chained=chained)
            if chained:
                whole, prev = seq, event.hash
            if ok:
                proved[str(table)] += 1
            else:
                lost.append(f"row {number} of {table}, of event {seq} ({event.kind}, {event.at[:19]})")
    missing = sorted(set(range(1, max(found.events) + 1)) - found.events.keys())
    lost += [f"event {seq} of the log, and the row that it stood for" for seq in missing]
    if whole < max(found.events):
        lost.append(f"the order of events after {whole}: the rows that they prove are in new events of today")
    return Recovery(whole, {table: count for table, count in proved.items() if count}, tuple(lost))


def _put(store: Store, found: _Found, event: Event, *, chained: bool) -> bool:
    """Write the event, or a new one that takes its place, and its row, if that can be proved."""
    if chained:
        store.insert("events", {**fields_of(event), "payload": canonical(event.payload)})

    def write(row: dict[str, Any], prints: dict[str, bytes]) -> bool:
        _write(store, found, event, row, prints, chained=chained)
        return not store.differs(event)

    candidates = islice(_candidates(store, found, event), _TRIED)
    return any(store.kept(partial(write, row, prints)) for row, prints in candidates)


def _candidates(store: Store, found: _Found, event: Event) -> Iterator[tuple[dict[str, Any], dict[str, bytes]]]:
    """Yield each row, with fingerprints for a work, that may be the one that an event stands for."""
    table, number = event.payload["table"], event.payload["id"]
    names = [column["name"] for column in store.rows(f"PRAGMA table_info({table})")]
    for values in found.rows.get(number, ()):
        if len(values) == len(names) and values[0] is None:
            row = dict(zip(names, (number, *values[1:]), strict=True))
            for prints in found.of_work(number) if table == "works" else ({},):
                yield row, prints


def _write(
    store: Store, found: _Found, event: Event, row: dict[str, Any], prints: dict[str, bytes], *, chained: bool
) -> None:
    table = event.payload["table"]
    known = "SELECT 1 AS known FROM suspects WHERE sha256 = ?"
    if table == "cases" and row["suspect"] in found.suspects and store.first(known, row["suspect"]) is None:
        store.insert("suspects", {"sha256": row["suspect"], "data": found.suspects[row["suspect"]]})
    if not chained:
        store.append("recover", table, row, prints)
        return
    store.insert(table, row)
    for kind, data in prints.items():
        store.insert("fingerprints", {"work": row["id"], "kind": kind, "data": data})
