"""Gathers a case from the registry and writes its evidence package."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from artaudit.auditor.evidence import CaseFile, OverlayFile, WorkFile, write_package
from artaudit.auditor.matching import Confirmation, encode_jpeg, overlay
from artaudit.auditor.preview import open_preview, preview
from artaudit.auditor.registry import Case, Registry, Work
from artaudit.errors import ArtauditError, UsageError
from artaudit.image import Image, decode, read, write_atomically


def report(number: int, target: Path, registry: Registry) -> dict[str, Any]:
    """Write the package of case `number` to `target`, which must not exist; return what was written."""
    if target.exists():
        raise UsageError(f"{target} exists and nothing is overwritten: choose another name.")
    case = registry.case(number)
    suspect = decode(case.suspect, name=case.evidence["path"])
    numbers = sorted({finding["work"] for finding in case.evidence["findings"] if finding["work"] is not None})
    works = [(work := registry.work(one), original_of(work)) for one in numbers]
    file = CaseFile(
        id=case.id,
        created_at=case.created_at,
        evidence=case.evidence,
        suspect=case.suspect,
        suspect_extension=suspect.format.lower(),
        suspect_preview=preview(suspect),
        works=tuple(_work_file(work, original, registry) for work, original in works),
        overlays=tuple(_overlays(case, suspect, {work.id: original for work, original in works}, registry)),
        events=tuple(_events(case, numbers, registry)),
    )
    data = write_package(file)
    write_atomically(target, data)
    return {"path": str(target), "case": number, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def original_of(work: Work) -> Image | None:
    """Return the registered picture if it still lies where it was, unchanged."""
    try:
        image = read(Path(work.path))
    except ArtauditError:
        return None
    return image if image.sha256 == work.sha256 else None


def _work_file(work: Work, original: Image | None, registry: Registry) -> WorkFile:
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
    )


def _overlays(case: Case, suspect: Image, originals: dict[int, Image | None], registry: Registry) -> list[OverlayFile]:
    """Draw every finding that says where a work lies in the suspect."""
    drawn = []
    for number, finding in enumerate(case.evidence["findings"]):
        seen = finding["details"].get("confirmation")
        if finding["work"] is None or not seen:
            continue
        original = originals[finding["work"]]
        work = open_preview(registry.preview(finding["work"])) if original is None else original.rgb8
        drawn.append(OverlayFile(number, encode_jpeg(overlay(suspect.rgb8, np.array(work), _confirmation(seen)))))
    return drawn


def _confirmation(plain: dict[str, Any]) -> Confirmation:
    """Turn what JSON kept of a confirmation back into one."""
    return Confirmation(**{name: _tuples(value) for name, value in plain.items()})


def _tuples(value: object) -> Any:  # noqa: ANN401 - whatever the field holds
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _events(case: Case, works: list[int], registry: Registry) -> list[dict[str, Any]]:
    """Return the log's entries about the case and its works."""
    wanted = {("cases", case.id), *(("works", number) for number in works)}
    return [
        asdict(event) for event in registry.events() if (event.payload.get("table"), event.payload.get("id")) in wanted
    ]
