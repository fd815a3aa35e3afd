"""Report: gathers a case from the registry and writes its evidence package."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

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
from artaudit.auditor.evidence.illustrations import illustrators
from artaudit.auditor.evidence.reporting.words import person
from artaudit.auditor.registry import Case, Registry, Work, who
from artaudit.auditor.registry.cases import PACKAGE, CaseFolder, log_root
from artaudit.auditor.registry.hash_chain import Event, now
from artaudit.auditor.registry.merkle import levels, proof
from artaudit.auditor.registry.thumbnail import thumbnail
from artaudit.errors import ArtauditError
from artaudit.findings import Finding
from artaudit.image import Image, decode, read, write_atomically
from artaudit.image.writing import ensure_new
from artaudit.matching import encode_jpeg
from artaudit.protocols import Illustrator


def report(
    number: int,
    target: Path,
    registry: Registry,
    seal: Seal | None = None,
    *,
    pdf: bool = False,
    stated: Statement | None = None,
) -> dict[str, Any]:
    """Write the package of case `number` to `target`, which must not exist; return its digest, size and more.

    `seal` names the signer and the timestamp authorities, `stated` who writes it, for whom and more; the export is
    recorded in the log.
    """
    ensure_new(target)
    seal = seal or Seal()
    log = list(registry.events())
    case = (stated or Statement()).upon(gather(registry.case_store.folder(number), log, registry))
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
        **seal.as_dict(),
    }


def gather(folder: CaseFolder, log: list[Event], registry: Registry) -> CaseFile:
    """Return everything that belongs into the package of a case."""
    cases = [registry.case(number) for number in folder.checks]
    suspects = {case.id: decode(case.suspect, name=case.evidence["path"]) for case in cases}
    numbers = sorted(
        {finding["work"] for case in cases for finding in case.evidence["findings"] if finding["work"] is not None}
    )
    works = {number: registry.work(number) for number in numbers}
    originals = {number: original_of(work) for number, work in works.items()}
    draw = illustrators(originals, registry)
    rows = registry.case_store.rows_about(folder.id) | {("works", number) for number in numbers}
    return CaseFile(
        id=folder.id,
        title=folder.title,
        opened_at=folder.opened_at,
        exported_at=now(),
        exported_by=who(),
        checks=tuple(_check_file(case, suspects[case.id]) for case in cases),
        works=tuple(_work_file(work, originals[number], registry) for number, work in works.items()),
        pictures=tuple(picture for case in cases for picture in _pictures(case, suspects[case.id], draw)),
        notes=tuple(asdict(note) for note in folder.notes),
        log=_extract(log, rows),
    )


def original_of(work: Work) -> Image | None:
    """Return the registered picture if its file is still where it was and unchanged, else None."""
    try:
        image = read(Path(work.path))
    except ArtauditError:
        return None
    return image if image.sha256 == work.sha256 else None


def _check_file(case: Case, suspect: Image) -> CheckFile:
    return CheckFile(
        id=case.id,
        created_at=case.created_at,
        evidence=case.evidence,
        suspect=case.suspect,
        extension=suspect.format.lower(),
        preview=thumbnail(suspect),
    )


def _work_file(work: Work, original: Image | None, registry: Registry) -> WorkFile:
    manifests = registry.manifests(work.id)
    return WorkFile(
        id=work.id,
        title=work.title,
        path=work.path,
        sha256=work.sha256,
        pixels_sha256=work.pixels_sha256,
        registered_at=work.registered_at,
        extension=work.format.lower(),
        preview=registry.preview(work.id),
        original=None if original is None else original.data,
        manifest=manifests[-1].data if manifests else None,
    )


def _pictures(case: Case, suspect: Image, draw: Mapping[str, Illustrator]) -> Iterator[PictureFile]:
    """Yield the illustrations of a check's findings, drawn by the examiners that can draw."""
    for number, plain in enumerate(case.evidence["findings"]):
        illustrator = draw.get(plain["examiner"])
        for drawn in illustrator.illustrate(suspect, Finding.of(plain)) if illustrator else ():
            yield PictureFile(case.id, number, drawn.name, drawn.caption, encode_jpeg(drawn.rgb8))


def _extract(log: Sequence[Event], rows: set[tuple[str, int]]) -> LogExtract:
    """Return the log's events about some rows, each with the proof that it is in the log."""
    tree = levels([event.hash.encode() for event in log])
    events = [
        {**asdict(event), "proof": [step.hex() for step in proof(tree, position)]}
        for position, event in enumerate(log)
        if (event.payload.get("table"), event.payload.get("id")) in rows
    ]
    return LogExtract(len(log), tree[-1][0].hex(), tuple(events))
