"""Timestamps of the log: at registration or later an authority states when it saw the log's root."""

from __future__ import annotations

from dataclasses import dataclass, field

from artaudit.auditor.registry.hash_chain import canonical, now
from artaudit.auditor.registry.store import Store


@dataclass(frozen=True, slots=True)
class LogStamp:
    """A timestamp (RFC 3161) of the log's root over its first `size` events; without `token` it still waits for one."""

    size: int
    root: str
    authority: str
    token: bytes = field(repr=False)


class StampStore:
    """Reads and appends timestamps of the log, and questions to authorities that were not answered."""

    def __init__(self, store: Store) -> None:
        """Work on the registry's file."""
        self._store = store

    def add(self, stamp: LogStamp) -> None:
        """Append a timestamp, or a question that waits."""
        with self._store.writing():
            row = {"log_size": stamp.size, "log_root": stamp.root, "authority": stamp.authority, "token": stamp.token}
            self._store.append("timestamp" if stamp.token else "ask", "stamps", {**row, "at": now()})

    def all(self) -> list[LogStamp]:
        """Return all timestamps and questions, oldest first."""
        rows = self._store.rows("SELECT log_size, log_root, authority, token FROM stamps ORDER BY id")
        return [LogStamp(row["log_size"], row["log_root"], row["authority"], bytes(row["token"])) for row in rows]

    def waiting(self) -> list[str]:
        """Return the authorities that were asked and have not answered since."""
        waits: dict[str, bool] = {}
        for stamp in self.all():
            waits[stamp.authority] = not stamp.token
        return [authority for authority, waits_still in waits.items() if waits_still]


def tree_head(size: int, root: str) -> bytes:
    """Return the bytes that are timestamped: the log's size and root as canonical JSON."""
    return canonical({"log_root": root, "log_size": size}).encode()
