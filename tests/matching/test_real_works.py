"""Two painters' series: edits of each work are found, and paintings of the same motif are told apart."""

import cv2
import numpy as np
import pytest

from artaudit.image import read
from artaudit.matching import Portfolio, PortfolioEntry, fingerprint

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def paintings(shared):
    return [read(path) for path in sorted((shared / "real" / "vangogh").glob("*.png"))]


@pytest.fixture(scope="module")
def entries(paintings):
    return [
        PortfolioEntry(number, image.name, image.sha256, image.pixels_sha256, **fingerprint(image))
        for number, image in enumerate(paintings)
    ]


def crop(rgb8):
    rows, columns = (round(side * 0.3**0.5) for side in rgb8.shape[:2])
    return rgb8[rows // 3 : rows // 3 + rows, columns // 3 : columns // 3 + columns]


@pytest.mark.slow
def test_paintings_of_the_same_motif_are_not_confused(paintings, entries):
    vases = [(number, image) for number, image in enumerate(paintings) if "sunflowers" in image.name]
    assert len(vases) > 5
    for number, image in vases:
        others = Portfolio([entry for entry in entries if entry.work != number])
        assert [match for match in others.matches(image) if match.band == "copy"] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "edit",
    [
        crop,
        lambda rgb8: crop(rgb8)[:, ::-1],
        lambda rgb8: cv2.resize(rgb8, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA),
    ],
    ids=["crop to 30 %", "mirrored crop", "a third of the size"],
)
def test_edits_of_each_painting_are_found_alone(paintings, entries, as_image, edit):
    portfolio = Portfolio(entries[:10])
    for number, image in enumerate(paintings[:10]):
        matches = portfolio.matches(as_image(np.ascontiguousarray(edit(image.rgb8))))
        assert [match.work for match in matches if match.band == "copy"] == [number]
