"""Photographs, drawn pictures and edits for the tests of matching."""

import io
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from artaudit.auditor.matching import PortfolioEntry, fingerprint
from artaudit.image import Image, decode


@pytest.fixture(scope="session")
def photographs() -> tuple[np.ndarray, np.ndarray]:
    """Two freely licensed photographs, 640 x 427: a temple and a flower."""
    from sklearn.datasets import load_sample_images

    china, flower = load_sample_images().images
    return china, flower


@pytest.fixture(scope="session")
def drawn() -> Callable[..., np.ndarray]:
    """Return a function that draws a picture of its own for every seed."""

    def draw(seed: int, width: int = 360, height: int = 270) -> np.ndarray:
        random = np.random.default_rng(seed)
        sheet = np.full((height, width, 3), random.integers(0, 256, 3), np.uint8)
        for _ in range(60):
            colour = random.integers(0, 256, 3).tolist()
            points = random.integers(0, (width, height), (3, 2))
            if random.random() < 0.5:
                cv2.fillPoly(sheet, [points.astype(np.int32)], colour, cv2.LINE_AA)
            else:
                cv2.circle(sheet, points[0].tolist(), int(random.integers(4, 40)), colour, -1, cv2.LINE_AA)
        return sheet

    return draw


@pytest.fixture(scope="session")
def as_image() -> Callable[..., Image]:
    """Return a function that makes a picture file of pixels."""

    def wrap(rgb8: np.ndarray, kind: str = "PNG", **options: int) -> Image:
        buffer = io.BytesIO()
        Pillow.fromarray(np.ascontiguousarray(rgb8)).save(buffer, kind, **options)
        return decode(buffer.getvalue(), name="picture")

    return wrap


@pytest.fixture(scope="session")
def as_entry() -> Callable[[int, Image], PortfolioEntry]:
    """Return a function that registers a picture as a work."""

    def register(work: int, image: Image) -> PortfolioEntry:
        stored = fingerprint(image)
        return PortfolioEntry(
            work, f"work {work}", image.sha256, image.pixels_sha256, stored["pdq"], stored["keypoints"]
        )

    return register


@pytest.fixture(scope="session")
def page() -> Callable[[np.ndarray, tuple[int, int], int], np.ndarray]:
    """Return a function that shows a picture, `width` wide, at a place of a screenshot full of text."""

    def show(rgb8: np.ndarray, place: tuple[int, int], width: int) -> np.ndarray:
        sheet = np.full((800, 1280, 3), 250, np.uint8)
        for line in range(40, 800, 24):
            cv2.putText(sheet, "a page of words " * 8, (20, line), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (40, 40, 40), 1)
        height = round(width * rgb8.shape[0] / rgb8.shape[1])
        small = cv2.resize(np.ascontiguousarray(rgb8), (width, height), interpolation=cv2.INTER_AREA)
        sheet[place[1] : place[1] + height, place[0] : place[0] + width] = small
        return sheet

    return show
