"""What a finding rests on is drawn by whoever can, and nothing is drawn where nothing was found."""

import io

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from artaudit.attribution.candidate import candidates, open_candidate
from artaudit.attribution.examiner import AMPLIFIED, Origin
from artaudit.attribution.statistic import redraw
from artaudit.auditor.evidence.illustrations import illustrators
from artaudit.datasets.photographs import photograph
from artaudit.examination import Illustrator
from artaudit.findings import Finding
from artaudit.image import Image, decode
from artaudit.tensors import to_array, to_batch

MODEL = "studio-flux2"


def as_png(levels: np.ndarray) -> Image:
    buffer = io.BytesIO()
    Pillow.fromarray(levels).save(buffer, "PNG")
    return decode(buffer.getvalue(), name="picture.png")


@pytest.fixture(scope="module")
def drawn() -> tuple[Image, Finding]:
    """Return a photograph as an embedded model redraws it, and what attribution says of it."""
    pixels = decode(photograph("flower.jpg"), name="x").pixels[100:356, 100:356]
    [candidate] = candidates((MODEL,))
    with torch.no_grad():
        image = as_png(
            np.rint(to_array(redraw(open_candidate(candidate.record), to_batch(pixels))) * 255).astype(np.uint8)
        )
    [finding] = Origin([candidate]).examine(image)
    return image, finding


def test_those_who_draw_are_found_by_the_examiner_they_belong_to():
    draw = illustrators(lambda _: np.zeros((8, 8, 3), np.uint8))
    assert draw.keys() == {"portfolio", "attribution", "detector"}
    assert all(isinstance(examiner, Illustrator) and examiner.name == name for name, examiner in draw.items())


def test_an_attribution_shows_what_the_model_leaves_as_it_was(drawn):
    image, finding = drawn
    assert finding.holds
    [illustration] = Origin().illustrate(image, Finding.of(finding.as_dict()))
    seen, redrawn, errors = np.split(illustration.rgb8.astype(int), 3, axis=1)
    assert np.abs(np.minimum(AMPLIFIED * np.abs(redrawn - seen), 255) - errors).max() <= AMPLIFIED
    assert MODEL in illustration.caption


def test_nothing_is_drawn_where_no_model_claims_the_picture_or_it_is_gone(drawn):
    image, finding = drawn
    plain = finding.as_dict()
    gone = {**plain, "details": {**plain["details"], "candidates": [{"model": "no-such-model", "belongs": True}]}}
    for unclaimed in ({**plain, "holds": False}, {**plain, "details": {}}, gone):
        assert Origin().illustrate(image, Finding.of(unclaimed)) == []
