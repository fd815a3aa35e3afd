"""A portfolio of drawings, and pictures to scan: strangers, copies, damaged files."""

import io
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image as Pillow

from artaudit.datasets.drawings import draw
from artaudit.image import decode
from artaudit.matching import Portfolio, PortfolioEntry, fingerprint

DAMAGED = b"\xff\xd8\xff\xe0 no picture follows"


def drawing(seed: int) -> Pillow.Image:
    return draw(np.random.default_rng(seed)).convert("RGB").resize((256, 256))


def saved(picture: Pillow.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def portfolio():
    """Register three drawings; return how a scan opens them."""
    entries = []
    for number in (1, 2, 3):
        image = decode(saved(drawing(number)), name=f"drawing {number}")
        entries.append(PortfolioEntry(number, image.name, image.sha256, image.pixels_sha256, **fingerprint(image)))

    @contextmanager
    def opened():
        yield Portfolio(entries)

    return opened


@pytest.fixture(scope="session")
def pictures():
    """Return files by name: the very file of work 1, a copy of 2 saved with loss, a crop of 3, strangers, damage."""
    crop = drawing(3).crop((30, 30, 220, 220))
    return {
        "a-file.png": saved(drawing(1)),
        "b-copy.jpg": saved(drawing(2), "JPEG", quality=60),
        "c-crop.png": saved(crop),
        "d-damaged.jpg": DAMAGED,
        **{f"s{number}.jpg": saved(drawing(100 + number), "JPEG") for number in range(4)},
    }
