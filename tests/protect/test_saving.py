"""A saved cloak keeps its budget, or is written at the quality that was asked for."""

import io
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from artaudit.errors import ImageError, UsageError
from artaudit.image import Image, decode, encode
from artaudit.protect.saving import save_within
from artaudit.protocols import Budget, Cloaked

SEVEN = Budget(7 / 255)


def picture(kind: str, seed: int = 0, **options: object) -> Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Pillow.fromarray(cv2.resize(coarse, (90, 70), interpolation=cv2.INTER_CUBIC)).save(buffer, kind, **options)
    return decode(buffer.getvalue(), name=f"picture.{kind.lower()}")


def cloaked(image: Image, budget: Budget = SEVEN, size: float = 7, seed: int = 1) -> Cloaked:
    noise = np.rint(np.random.default_rng(seed).uniform(-size, size, image.samples.shape))
    colours = np.clip(np.rint(image.samples * 255) + noise, 0, 255).astype(np.uint8)
    return Cloaked(colours, method="noise", budget=budget, seed=seed, models=())


def rms(image: Image, saved: Image) -> float:
    return float(np.sqrt(np.mean((saved.samples - image.samples).astype(np.float64) ** 2)))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 99), st.integers(70, 100))
def test_a_jpeg_keeps_the_largest_change(seed, quality):
    image = picture("JPEG", seed, quality=quality)
    saved = save_within(image, cloaked(image, seed=seed))
    assert 3 < np.abs(saved.samples - image.samples).max() * 255 <= 7.001


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_file_keeps_the_root_mean_square(kind):
    image = picture(kind)
    change = cloaked(image, size=5)
    allowed = float(np.sqrt(np.mean((change.colours / 255 - image.samples) ** 2))) + 1e-6
    saved = save_within(image, replace(change, budget=Budget(7 / 255, rms=allowed)))
    assert 0.9 * allowed < rms(image, saved) <= allowed


def test_a_root_mean_square_below_what_a_jpeg_itself_loses_is_refused():
    image = picture("JPEG", quality=90)
    with pytest.raises(ImageError, match="cannot keep the budget as a JPEG"):
        save_within(image, cloaked(image, Budget(7 / 255, rms=0.05 / 255), size=1))


@pytest.mark.parametrize(("kind", "options"), [("JPEG", {"quality": 85}), ("WEBP", {"quality": 85})])
def test_a_quality_makes_a_smaller_file_with_the_loss_of_that_quality(kind, options):
    image = picture(kind, **options)
    change = cloaked(image)
    exact, good, poor = (save_within(image, change, quality) for quality in (None, 90, 40))
    assert len(exact.data) > len(good.data) > len(poor.data)
    assert good.format == kind
    assert good.data == encode(image, change.colours, quality=90)
    assert not good.lossless
    assert np.abs(poor.samples - image.samples).max() * 255 > 7.5


@pytest.mark.parametrize(
    ("kind", "options"), [("PNG", {}), ("TIFF", {}), ("BMP", {}), ("WEBP", {"lossless": True})], ids=str
)
def test_kinds_that_lose_nothing_have_no_quality(kind, options):
    image = picture(kind, **options)
    with pytest.raises(UsageError, match="leave out the quality"):
        save_within(image, cloaked(image), 90)


@pytest.mark.parametrize("quality", [0, -3, 101])
def test_qualities_that_do_not_exist_are_refused(quality):
    image = picture("JPEG")
    with pytest.raises(UsageError, match="from 1 to 100"):
        save_within(image, cloaked(image), quality)
