"""What a check rests on, as pictures and texts to look at: drawings of the examiners, works beside it, metadata."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import UInt8

from artaudit.auditor.evidence.illustrations import illustrators
from artaudit.auditor.originals import original_of
from artaudit.auditor.registry import Registry
from artaudit.auditor.report import work_pixels
from artaudit.examination import Illustration, Illustrator
from artaudit.findings import Finding
from artaudit.image import Image
from artaudit.matching.examiner import shown_over_each_other
from artaudit.provenance.fields.containers import all_fields

Picture = UInt8[np.ndarray, "height width 3"]

_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Shown:
    """Pictures of one finding: drawings of its examiner, and what picture and work share, cut alike from both."""

    finding: int
    drawings: tuple[Illustration, ...]
    pair: tuple[Picture, Picture] | None = field(default=None, repr=False)


def shown(image: Image, findings: Sequence[Finding], registry: Registry) -> Iterator[Shown]:
    """Yield the pictures of each finding that has some; works are shown from their originals where these are there."""
    numbers = {finding.work for finding in findings if finding.work is not None}
    works = work_pixels({number: original_of(registry.work(number), registry) for number in numbers}, registry)
    draw: Mapping[str, Illustrator] = illustrators(works)
    for number, finding in enumerate(findings):
        illustrator = draw.get(finding.examiner)
        drawings = tuple(illustrator.illustrate(image, finding)) if illustrator else ()
        pair = shown_over_each_other(image, finding, works)
        if drawings or pair:
            yield Shown(number, drawings, pair)


def metadata(image: Image) -> list[tuple[str, str, str]]:
    """Return the texts in a picture's file as they were read: the place, the name and the text, shortened."""
    return [
        (fields.place, name, text[:_LONGEST]) for fields in all_fields(image) for name, text in fields.texts.items()
    ]
