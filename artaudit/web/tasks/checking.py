"""The task of checking a picture that came in, or a sample of which everything is known."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from jaxtyping import UInt8
from PIL import Image as Pillow

from artaudit.auditor.check import evidence_about
from artaudit.auditor.examiners import examiners
from artaudit.auditor.register import register
from artaudit.auditor.registry import Registry
from artaudit.auditor.showing import metadata, shown
from artaudit.datasets.photographs import PHOTOGRAPHS, photograph
from artaudit.examination import Examiner
from artaudit.findings import Finding
from artaudit.image import Image, decode, write_atomically
from artaudit.web.tasks.context import Context, opened

_SHOWN = 1600
"""Most pixels along a side of a picture of a check."""


class Announced:
    """An examiner that says, before it looks, that it is its turn."""

    def __init__(self, examiner: Examiner, number: int, of: int, context: Context) -> None:
        """Announce `examiner`, number `number` of `of`."""
        self._examiner, self._turn, self._context = examiner, (number, of), context
        self.name = examiner.name
        for name in ("group", "question"):
            if hasattr(examiner, name):
                setattr(self, name, getattr(examiner, name))

    def examine(self, image: Image) -> Sequence[Finding]:
        """Return what the examiner finds."""
        self._context.tell(*self._turn, f"asking: {self.name}")
        return self._examiner.examine(image)


def check(context: Context) -> dict[str, Any]:
    """Examine a picture and draw what the findings rest on; nothing is kept in the registry."""
    context.tell(0, 1, "opening")
    sample = context.job.spec.get("sample", "")
    with _sampled(sample) if sample else _own(context) as (image, registry):
        look = examiners(registry, context.job.spec.get("kind", ""))
        asked = [Announced(examiner, number, len(look) + 1, context) for number, examiner in enumerate(look)]
        evidence = evidence_about(image, registry, asked)
        context.tell(len(look), len(look) + 1, "drawing")
        context.keep("suspect.jpg", _small(image))
        return {
            "evidence": evidence.as_dict(),
            "pictures": _drawn(context, image, evidence.findings, registry),
            "metadata": metadata(image),
        }


@contextmanager
def _own(context: Context) -> Iterator[tuple[Image, Registry]]:
    with context.registry() as registry:
        yield opened(context, context.job.spec["file"]), registry


@contextmanager
def _sampled(name: str) -> Iterator[tuple[Image, Registry]]:
    """Give a screenshot of a part of a shipped photograph, and a portfolio for the while that holds the photograph."""
    with TemporaryDirectory() as folder, Registry(Path(folder) / "registry.db") as registry:
        work = decode(photograph(name), name=name)
        register(work, registry, PHOTOGRAPHS[name])
        picture = Pillow.fromarray(work.rgb8)
        cut = picture.crop((picture.width // 6, picture.height // 5, picture.width, picture.height)).resize((700, 540))
        buffer = io.BytesIO()
        cut.save(buffer, "JPEG", quality=72)
        yield decode(buffer.getvalue(), name="found-somewhere.jpg"), registry


def _drawn(
    context: Context, image: Image, findings: Sequence[Finding], registry: Registry
) -> dict[str, dict[str, Any]]:
    """Write the pictures of findings into the job's folder; return their names and captions by finding."""
    told: dict[str, dict[str, Any]] = {}
    for seen in shown(image, findings, registry):
        place = f"finding-{seen.finding}"
        about: dict[str, Any] = {"drawings": [], "pair": None}
        for drawing in seen.drawings:
            name = context.keep(f"{place}-{drawing.name.lower()}.jpg", drawing.rgb8)
            about["drawings"].append({"name": name, "caption": drawing.caption})
        if seen.pair is not None:
            about["pair"] = [
                context.keep(f"{place}-{side}.jpg", part)
                for side, part in zip(("found", "work"), seen.pair, strict=True)
            ]
        told[str(seen.finding)] = about
    for number in {finding.work for finding in findings if finding.work is not None}:
        write_atomically(context.folder / f"work-{number}.jpg", registry.preview(number))
    return told


def _small(image: Image) -> UInt8[np.ndarray, "height width 3"]:
    picture = Pillow.fromarray(image.rgb8)
    picture.thumbnail((_SHOWN, _SHOWN))
    return np.asarray(picture)
