"""What a keeper may do to the registry file, with every digest and the whole chain redone."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from artaudit.auditor.registry.hash_chain import GENESIS, Event, canonical, digest, link
from artaudit.auditor.registry.rows import DISCLOSED, disclosed
from artaudit.auditor.registry.schema import triggers
from artaudit.auditor.registry.store import Store
from benchmarks.forgery_world import World

EARLY = "2001-01-01T00:00:00+00:00"
Change = Callable[[sqlite3.Connection], object]


def attacked(world: World, change: Change | None, target: Path) -> Path:
    """Return a copy of the registry in which this was done, its chain redone; without a change one rolled back."""
    shutil.copy(world.registry if change else world.before, target)
    if change is None:
        return target
    behind_the_guards(target, change)
    _redo(target)
    return target


def behind_the_guards(path: Path, change: Change) -> None:
    """Do something to the tables that their triggers would refuse, and put the triggers back."""
    connection = sqlite3.connect(path)
    for name in triggers():
        connection.execute(f"DROP TRIGGER {name}")
    change(connection)
    for statement in triggers().values():
        connection.execute(statement)
    connection.commit()
    connection.close()


def _redo(path: Path) -> None:
    """Write every event anew from the rows as they are now, as somebody does who owns the file."""
    store = Store(path, "Ada Lovelace", create=False)
    kept: list[Event] = []
    for event in store.events():
        row = store.row(event.payload["table"], event.payload["id"])
        if row:
            payload = event.payload | {"content": digest(row), DISCLOSED: digest(disclosed(row))}
            kept.append(link(len(kept) + 1, event.at, event.kind, payload, kept[-1].hash if kept else GENESIS))
    store.close()

    def written(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM events")
        for event in kept:
            values = (event.seq, event.at, event.kind, canonical(event.payload), event.prev, event.hash)
            connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", values)

    behind_the_guards(path, written)


def _sql(statement: str, *values: object) -> Change:
    return lambda connection: connection.execute(statement, values)


def _evidence(change: Callable[[dict[str, Any]], object]) -> Change:
    def altered(connection: sqlite3.Connection) -> None:
        [(number, text)] = connection.execute("SELECT id, evidence FROM cases ORDER BY id LIMIT 1").fetchall()
        evidence = json.loads(text)
        change(evidence)
        connection.execute("UPDATE cases SET evidence = ? WHERE id = ?", (canonical(evidence), number))

    return altered


def _inflated(evidence: dict[str, Any]) -> None:
    next(finding for finding in evidence["findings"] if finding["work"] is not None).update(score=9999.0)


def _earlier(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE works SET registered_at = ? WHERE id = 1", (EARLY,))
    connection.execute("UPDATE events SET at = ? WHERE seq = 1", (EARLY,))


def _backwards(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE works SET registered_at = ? WHERE id = 2", (EARLY,))
    connection.execute("UPDATE events SET at = ? WHERE seq = 2", (EARLY,))


REGISTRY: Mapping[str, Change | None] = {
    "rolled back behind the package that was issued": None,
    "a work registered earlier": _earlier,
    "a work registered before the one before it": _backwards,
    "another title of a work": _sql("UPDATE works SET title = 'The Mona Lisa' WHERE id = 1"),
    "a match with score 9999": _evidence(_inflated),
    "a check said to be made at another time": _evidence(lambda said: said.update(checked_at=EARLY)),
    "a note reworded": _sql("UPDATE notes SET text = 'Bought at the thief''s.' WHERE id = 1"),
    "a note left out": _sql("DELETE FROM notes WHERE id = 2"),
    "the export of the issued package left out": _sql("DELETE FROM exports"),
    "everything by somebody else": _sql("UPDATE events SET payload = replace(payload, 'Ada Lovelace', 'A notary')"),
    "the log's timestamp left out": _sql("DELETE FROM stamps"),
    "the log's timestamp said to be of a longer log": _sql("UPDATE stamps SET log_size = 5"),
    "another preview of a work": _sql(
        "UPDATE works SET preview = (SELECT preview FROM works WHERE id = 2) WHERE id = 1"
    ),
}
"""By what is altered, the change of the tables; the events and their chain are written anew to fit."""
