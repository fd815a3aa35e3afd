"""Report: gathers a case from the registry and writes its evidence package."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from artaudit.auditor.evidence import (
    CaseFile,
    CheckFile,
    LogExtract,
    PictureFile,
    Seal,
    Statement,
    WorkFile,
    write_package,
)
from artaudit.auditor.evidence.enclosure import (
    ABSENT,
    CHOICES,
    FINGERPRINTS,
    GONE,
    NONE,
    ORIGINALS,
    SUSPECT,
    features_name,
)
from artaudit.auditor.evidence.illustrations import illustrators
from artaudit.auditor.evidence.log_stamps import StampFile
from artaudit.auditor.evidence.reporting.words import person
from artaudit.auditor.originals import original_of
from artaudit.auditor.registry import Case, Registry, Work
from artaudit.auditor.registry.access import damaged
from artaudit.auditor.registry.cases import PACKAGE, CaseFolder, log_root
from artaudit.auditor.registry.clock import faults
from artaudit.auditor.registry.hash_chain import Event, now
from artaudit.auditor.registry.merkle import levels, proof
from artaudit.auditor.registry.stamps import LogStamp, tree_head
from artaudit.auditor.registry.thumbnail import open_thumbnail, thumbnail
from artaudit.auditor.signing.timestamps import read_stamp
from artaudit.errors import RegistryError, UsageError
from artaudit.examination import Illustrator
from artaudit.findings import Finding
from artaudit.image import Image, decode, write_atomically
from artaudit.image.writing import ensure_new
from artaudit.matching import describers, encode_jpeg
from artaudit.matching.examiner import WorkPixels


def report(
    number: int,
    target: Path,
    registry: Registry,
    seal: Seal | None = None,
    *,
    pdf: bool = False,
    enclose: str = SUSPECT,
    stated: Statement | None = None,
) -> dict[str, Any]:
    """Write the package of case `number` to `target`, which must not exist; return its digest, size and more.

    `seal` names the signer and the timestamp authorities, `stated` who writes it, for whom, in which
    language and more; the export is recorded in the log. `enclose` says which files leave the house: "originals",
    "suspect" or "none" (artaudit.auditor.evidence.enclosure).
    """
    ensure_new(target)
    seal = seal or Seal()
    log = list(registry.events())
    gathered = gather(registry.case_store.folder(number), log, registry, enclose)
    case = (stated or Statement()).upon(gathered)
    data = write_package(case, seal, pdf=pdf)
    write_atomically(target, data)
    digest = hashlib.sha256(data).hexdigest()
    registry.case_store.exported(PACKAGE, number, digest, log)
    return {
        "path": str(target),
        "case": number,
        "by": person(case.exported_by),
        "sha256": digest,
        "bytes": len(data),
        "log_size": len(log),
        "log_root": log_root(log),
        "enclosed": case.report()["enclosed"],
        "language": case.stated["language"],
        **seal.as_dict(),
    }


def gather(folder: CaseFolder, log: list[Event], registry: Registry, enclose: str = SUSPECT) -> CaseFile:
    """Return everything that belongs into the package of a case.

    What is not enclosed is not drawn from either: pictures of a match then show the works as small as their previews.
    """
    if enclose not in CHOICES:
        raise UsageError(f"{enclose!r} is nothing to enclose: choose one of {', '.join(CHOICES)}.")
    cases = [registry.case(number) for number in folder.checks]
    suspects = {case.id: decode(case.suspect, name=case.evidence["path"]) for case in cases}
    numbers = sorted(
        {finding["work"] for case in cases for finding in case.evidence["findings"] if finding["work"] is not None}
    )
    works = {number: registry.work(number) for number in numbers}
    originals = {
        number: original_of(work, registry) if enclose == ORIGINALS else None for number, work in works.items()
    }
    draw = illustrators(work_pixels(originals, registry))
    rows = registry.case_store.rows_about(folder.id) | {("works", number) for number in numbers}
    rows |= {row for number in numbers for row in registry.rows_about(number)}
    return CaseFile(
        id=folder.id,
        title=folder.title,
        opened_at=folder.opened_at,
        exported_at=now(),
        exported_by=registry.by,
        checks=tuple(_check_file(case, suspects[case.id], enclosed=enclose != NONE) for case in cases),
        works=tuple(_work_file(work, originals[number], registry, enclose) for number, work in works.items()),
        pictures=tuple(picture for case in cases for picture in _pictures(case, suspects[case.id], draw)),
        notes=tuple(asdict(note) for note in folder.notes),
        log=_extract(log, rows, registry),
        enclose=enclose,
    )


def work_pixels(originals: Mapping[int, Image | None], registry: Registry) -> WorkPixels:
    """Return what gives the pixels of a work: from its file if that is among `originals`, else from its preview."""

    def pixels(number: int) -> UInt8[np.ndarray, "height width 3"]:
        original = originals[number]
        return np.array(open_thumbnail(registry.preview(number))) if original is None else original.rgb8

    return pixels


def _check_file(case: Case, suspect: Image, *, enclosed: bool) -> CheckFile:
    return CheckFile(
        id=case.id,
        created_at=case.created_at,
        evidence=case.evidence,
        suspect=case.suspect,
        extension=suspect.format.lower(),
        preview=thumbnail(suspect),
        enclosed=enclosed,
    )


def _work_file(work: Work, original: Image | None, registry: Registry, enclose: str) -> WorkFile:
    manifests = registry.manifests(work.id)
    features = {} if original is not None or enclose == NONE else _features(work.id, registry)
    title, path = registry.registered_as(work.id)  # the log vouches for these
    return WorkFile(
        id=work.id,
        title=title,
        path=path,
        sha256=work.sha256,
        pixels_sha256=work.pixels_sha256,
        registered_at=work.registered_at,
        extension=work.format.lower(),
        preview=registry.preview(work.id),
        original=None if original is None else original.data,
        manifest=manifests[-1].data if manifests else None,
        features=features,
        absent=GONE if enclose == ORIGINALS else ABSENT,
    )


def _features(work: int, registry: Registry) -> dict[str, bytes]:
    """Return what matching compares of a work, by kind; descriptors are those of the installed model."""
    kept, describer = registry.fingerprint_store, describers.chosen()
    found = {kind: kept.fingerprint(work, kind) for kind in FINGERPRINTS}
    if describer is not None:
        found[features_name(describer.kind)] = kept.descriptor(work, describer.kind)
    return {kind: data for kind, data in found.items() if data}


def _pictures(case: Case, suspect: Image, draw: Mapping[str, Illustrator]) -> Iterator[PictureFile]:
    """Yield the illustrations of a check's findings, drawn by the examiners that can draw."""
    for number, plain in enumerate(case.evidence["findings"]):
        illustrator = draw.get(plain["examiner"])
        for drawn in illustrator.illustrate(suspect, Finding.of(plain)) if illustrator else ():
            yield PictureFile(case.id, number, drawn.name, drawn.caption, encode_jpeg(drawn.rgb8))


def _extract(log: Sequence[Event], rows: set[tuple[str, int]], registry: Registry) -> LogExtract:
    """Return the log's events about some rows, each with its row and the proof that it is in the log.

    Raises RegistryError for a row that is not as the log vouches for it.
    """
    tree = levels([event.hash.encode() for event in log])
    events = [
        {
            **asdict(event),
            "proof": [step.hex() for step in proof(tree, position)],
            "row": registry.case_store.disclosed(event.payload["table"], event.payload["id"]),
        }
        for position, event in enumerate(log)
        if (event.payload.get("table"), event.payload.get("id")) in rows and _sound(event, registry)
    ]
    late = tuple(faults([(event.seq, event.at) for event in log]))
    return LogExtract(len(log), tree[-1][0].hex(), tuple(events), late, _stamps(log, events, registry))


def _sound(event: Event, registry: Registry) -> bool:
    if registry.differs(event):
        raise RegistryError(damaged(registry.path))
    return True


def _stamps(log: Sequence[Event], events: Sequence[Mapping[str, Any]], registry: Registry) -> tuple[StampFile, ...]:
    """Return the timestamps of the log that were the first to cover one of some events, with the proofs."""
    kept = [stamp for stamp in registry.stamp_store.all() if stamp.token]
    covered: dict[LogStamp, list[int]] = {}
    for seq in (event["seq"] for event in events):
        first = next((stamp for stamp in kept if stamp.size >= seq), None)
        if first is not None:
            covered.setdefault(first, []).append(seq)
    return tuple(_stamp_file(stamp, seqs, log) for stamp, seqs in covered.items())


def _stamp_file(stamp: LogStamp, seqs: Sequence[int], log: Sequence[Event]) -> StampFile:
    tree = levels([event.hash.encode() for event in log[: stamp.size]])
    proofs = {seq: [step.hex() for step in proof(tree, seq - 1)] for seq in seqs}
    read = read_stamp(stamp.token, tree_head(stamp.size, stamp.root))
    authority = read.authority.leaf.subject.rfc4514_string()
    return StampFile(stamp.size, stamp.root, authority, read.at.isoformat(), stamp.token, proofs)
