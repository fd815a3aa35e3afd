"""Timestamps of the log in a package: an event was in the log by the time that an authority states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from artaudit.auditor.registry.merkle import root_by
from artaudit.auditor.registry.stamps import tree_head
from artaudit.auditor.signing.timestamps import read_stamp
from artaudit.errors import PackageError


@dataclass(frozen=True, slots=True)
class StampFile:
    """A timestamp of an earlier state of the log; `proofs` lead from events, by number, to its root (hexadecimal).

    `authority` is the subject of the certificate of whoever gave it.
    """

    size: int
    root: str
    authority: str
    at: str
    token: bytes = field(repr=False)
    proofs: Mapping[int, Sequence[str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the token in the package."""
        return f"data/log/{self.size}-{self.root[:12]}.tsr"

    def as_dict(self, digest: str) -> dict[str, Any]:
        """Return the record's entry; `digest` is the sha256 of the token."""
        return {
            "size": self.size,
            "root": self.root,
            "authority": self.authority,
            "at": self.at,
            "files": [{"file": self.name, "sha256": digest}],
            "events": [{"seq": seq, "proof": list(proof)} for seq, proof in self.proofs.items()],
        }


def stamped(log: Mapping[str, Any], seq: int) -> Mapping[str, Any] | None:
    """Return the earliest timestamp of a record's log that an event is under; None when there is none."""
    under = [stamp for stamp in log.get("stamps", ()) if any(event["seq"] == seq for event in stamp["events"])]
    return min(under, key=lambda stamp: str(stamp["at"]), default=None)


def broken_stamps(
    log: Mapping[str, Any], files: Mapping[str, bytes], roots: Sequence[Any], *, named: bool = True
) -> Iterator[str]:
    """Yield what is wrong with the timestamps of a record's log; `roots` are the certificates that are trusted.

    `named` tells that the record names authorities by their certificates; editions before gave addresses.
    """
    hashes = {event["seq"]: event["hash"] for event in log["events"]}
    for stamp in log.get("stamps", ()):
        name = stamp["files"][0]["file"]
        try:
            read = read_stamp(files.get(name, b""), tree_head(stamp["size"], stamp["root"]), roots)
        except PackageError as error:
            yield f"{name} is no good timestamp: {error}"
            continue
        if read.at.isoformat() != stamp["at"]:
            yield f"{name} states another time than the record"
        if named and read.authority.leaf.subject.rfc4514_string() != stamp["authority"]:
            yield f"{name} is by another authority than the record says"
        for event in stamp["events"]:
            proof = [bytes.fromhex(step) for step in event["proof"]]
            root = root_by(proof, str(hashes.get(event["seq"])).encode(), event["seq"] - 1, stamp["size"])
            if root is None or root.hex() != stamp["root"]:
                yield f"event {event['seq']} is not in the log that {name} timestamps"
