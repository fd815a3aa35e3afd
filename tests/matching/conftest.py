"""Works to register: two photographs and four drawings, and how arrays become picture files."""

import io

import numpy as np
import pytest
from PIL import Image as Pillow

from artaudit.datasets.drawings import draw
from artaudit.datasets.photographs import PHOTOGRAPHS, photograph
from artaudit.image import decode
from artaudit.matching import Portfolio, PortfolioEntry, fingerprint


@pytest.fixture(scope="session")
def as_image():
    """Wrap pixels as a PNG, or as a JPEG of a quality, and read that."""

    def wrap(rgb8, quality=None):
        buffer = io.BytesIO()
        options = {"format": "JPEG", "quality": quality} if quality else {"format": "PNG", "compress_level": 1}
        Pillow.fromarray(np.ascontiguousarray(rgb8)).save(buffer, **options)
        return decode(buffer.getvalue(), name="suspect")

    return wrap


@pytest.fixture(scope="session")
def works():
    """Return pixels by title."""
    photographs = {name: decode(photograph(name), name=name).rgb8 for name in PHOTOGRAPHS}
    drawings = {f"drawing {seed}": np.asarray(draw(np.random.default_rng(seed))) for seed in range(4)}
    return photographs | drawings


@pytest.fixture(scope="session")
def portfolio(works, as_image):
    """Register the works, numbered from 1 in their order."""
    entries = []
    for number, (title, rgb8) in enumerate(works.items(), start=1):
        image = as_image(rgb8)
        entries.append(PortfolioEntry(number, title, image.sha256, image.pixels_sha256, **fingerprint(image)))
    return Portfolio(entries)


@pytest.fixture(scope="session")
def in_page():
    """Put a picture, `width` pixels wide, into a screenshot of a page of text of 1600 x 1000 pixels."""
    import cv2

    def place(rgb8, width=400):
        sheet = np.full((1000, 1600, 3), 250, np.uint8)
        for line in range(60, 1000, 26):
            cv2.putText(sheet, "some words to read " * 8, (40, line), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (40, 40, 40), 1)
        height = round(width * rgb8.shape[0] / rgb8.shape[1])
        small = cv2.resize(np.ascontiguousarray(rgb8), (width, height), interpolation=cv2.INTER_AREA)
        sheet[200 : 200 + height, 900 : 900 + width] = small
        return sheet

    return place
