"""Seal: the Merkle root of the log, signed and timestamped and kept elsewhere; it shows a log rewritten or cut.

The root is that of RFC 6962, https://www.rfc-editor.org/rfc/rfc6962.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509

from artaudit.auditor.evidence import Seal, Trust, check_seal, read_files, verify_package
from artaudit.auditor.evidence.package import REPORT, pack
from artaudit.auditor.registry import Registry
from artaudit.auditor.registry.cases import SEAL, log_root
from artaudit.auditor.registry.clock import to_come
from artaudit.auditor.registry.hash_chain import Event, canonical, moment, now
from artaudit.errors import RegistryError
from artaudit.image import write_atomically
from artaudit.image.writing import ensure_new

SCHEMA = "artaudit-seal/1"


def seal_log(target: Path, registry: Registry, seal: Seal) -> dict[str, Any]:
    """Write the root of the registry's log to `target`, which must not exist, with its seal beside it; return it.

    The export becomes the log's next event, which the root does not cover.
    """
    ensure_new(target)
    log = list(registry.events())
    record = {
        "schema": SCHEMA,
        "at": now(),
        "by": registry.by,
        "size": len(log),
        "root": log_root(log),
        "seal": seal.as_dict(),
        "vouchers": seal.signer.identity.authority_pem().decode() if seal.signer else "",
    }
    data = canonical(record).encode()
    for name, part in seal.files(target.name, data).items():
        write_atomically(target.with_name(name), part)
    write_atomically(target, data)
    registry.case_store.exported(SEAL, None, hashlib.sha256(data).hexdigest(), log)
    return record


def broken_seal(path: Path, registry: Registry, trust: Trust | None = None) -> list[str]:
    """Return, as sentences, how the log differs from the sealed one and what is wrong with the seal; empty when intact.

    Raises RegistryError when the file is no seal.
    """
    data, files = _read(path)
    try:
        record = json.loads(data)
        if record["schema"] != SCHEMA or canonical(record).encode() != data:
            raise RegistryError(f"{path} is no seal, or was changed: name the file that `audit seal` wrote.")
        size, root, at = int(record["size"]), str(record["root"]), str(record["at"])
        vouchers = x509.load_pem_x509_certificates(record["vouchers"].encode()) if record["vouchers"] else []
        checked = check_seal(record["seal"], path.name, files, vouchers, trust or Trust())
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise RegistryError(f"{path} is no seal: name the file that `audit seal` wrote.") from error
    log = list(registry.events())
    stamped = [stamp.at for stamp in checked.timestamps]
    return [*checked.problems, *_compared(log, size, root, f"sealed at {at}", stamped)]


def broken_anchor(path: Path, registry: Registry, trust: Trust | None = None) -> list[str]:
    """Return, as sentences, how the log differs from that of an issued package, and what is wrong with the package.

    Raises PackageError when the file is no package.
    """
    result = verify_package(path, trust)
    problems = [f"{path}: {problem}" for problem in result.problems]
    if not result.summary:
        return problems
    log, size, root = list(registry.events()), result.summary["log_size"], result.summary["log_root"]
    stamped = [moment(stamp["at"]) for stamp in result.summary["timestamps"]]
    differing = _compared(log, size, root, f"in the log when {path} was written", stamped)
    problems += differing
    if not result.ok or len(log) < size:
        return problems
    files = read_files(path)
    if hashlib.sha256(pack(files)).hexdigest() not in registry.case_store.exports():
        problems.append(f"the log does not hold that {path} was issued: it was cut back to before that, or is another")
    if not differing:
        problems += _left_out(json.loads(files[REPORT]), log[:size], registry, str(path))
    return problems


def _left_out(record: Mapping[str, Any], log: Sequence[Event], registry: Registry, name: str) -> Iterator[str]:
    """Yield which events about its case a package does not hold, though the log did when it was written."""
    number, held = record["case"]["id"], {event["hash"] for event in record["log"]["events"]}
    try:
        rows = registry.case_store.rows_about(number)
    except RegistryError:
        yield f"the registry holds no case {number}, which {name} is about"
        return
    for event in log:
        if (event.payload.get("table"), event.payload.get("id")) in rows and event.hash not in held:
            yield f"{name} leaves out event {event.seq} of the log, which is about its case ({event.kind})"


def _compared(log: Sequence[Event], size: int, root: str, when: str, stamped: Sequence[datetime]) -> list[str]:
    """Compare a log with an earlier state of it: its size, its root, and times by which it was seen so."""
    if len(log) < size:
        return [f"the log was cut: {size} events were {when}, and {len(log)} are left"]
    if log_root(list(log[:size])) != root:
        return [f"the log was rewritten: its first {size} events are not those that were {when}"]
    seen = min(stamped, default=None)
    dated = {f"event {event.seq}": event.at for event in log[:size]}
    late = [] if seen is None else to_come(dated, seen)
    return [
        f"{problem.partition(',')[0]}, but was timestamped before, at {seen:%Y-%m-%d %H:%M:%S} UTC" for problem in late
    ]


def _read(path: Path) -> tuple[bytes, dict[str, bytes]]:
    """Return the bytes of a record, and by name those of it and of the files beside it that begin with its name."""
    try:
        data = path.read_bytes()
        seals = {
            file.name: file.read_bytes() for file in path.parent.iterdir() if file.name.startswith(f"{path.name}.")
        }
    except OSError as error:
        raise RegistryError(f"{path} cannot be read ({error.strerror}): check the name.") from error
    return data, {**seals, path.name: data}
