"""Stamping: authorities state when they saw the log, so that the date of a registration is not the keeper's word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from artaudit.auditor.evidence import Trust
from artaudit.auditor.registry import Registry
from artaudit.auditor.registry.cases import log_root
from artaudit.auditor.registry.clock import to_come
from artaudit.auditor.registry.stamps import LogStamp, tree_head
from artaudit.auditor.signing.timestamps import read_stamp, stamp
from artaudit.errors import PackageError


def stamp_log(registry: Registry, authorities: Sequence[str]) -> list[dict[str, Any]]:
    """Ask authorities (URLs) to timestamp the log's root; only digests are sent. Return what each answered.

    An authority that does not answer is asked again by `audit db timestamp`. Raises UsageError for what is no address.
    """
    log = list(registry.events())
    size, root = len(log), log_root(log)
    done = []
    for url in authorities:
        try:
            token, error = stamp(url, tree_head(size, root)), ""
        except PackageError as failure:
            token, error = b"", str(failure)
        registry.stamp_store.add(LogStamp(size, root, url, token))
        at = read_stamp(token, tree_head(size, root)).at.isoformat() if token else None
        done.append({"authority": url, "size": size, "root": root, "at": at, "error": error})
    return done


def broken_stamps(registry: Registry, trust: Trust | None = None) -> list[str]:
    """Return, as sentences, which timestamps in the registry do not fit its log; empty when all do."""
    log, problems = list(registry.events()), []
    for kept in registry.stamp_store.all():
        if not kept.token:
            continue
        words = f"the timestamp of the first {kept.size} events by {kept.authority}"
        try:
            roots = trust.authorities if trust else ()
            seen = read_stamp(kept.token, tree_head(kept.size, kept.root), roots).at
        except PackageError as error:
            problems.append(f"{words} is none: {error}")
            continue
        if len(log) < kept.size or log_root(log[: kept.size]) != kept.root:
            problems.append(f"{words} is of another log")
        late = to_come({f"event {event.seq}": event.at for event in log[: kept.size]}, seen)
        problems += [f"{fault.partition(',')[0]}, after {words}" for fault in late]
    return problems
