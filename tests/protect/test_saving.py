"""A saved cloak keeps its budget, or is written at the quality that was asked for."""

import io

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from artaudit.distances import ssimulacra2
from artaudit.errors import ImageError, UsageError
from artaudit.image import Image, decode, encode
from artaudit.protect.saving import save_within, similarity
from artaudit.protect.visibility import grounds
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
    return Cloaked(colours, method={"name": "noise"}, budget=budget, seed=seed, models=())


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 99), st.integers(70, 100))
def test_a_jpeg_keeps_the_largest_change(seed, quality):
    image = picture("JPEG", seed, quality=quality)
    saved = save_within(image, cloaked(image, seed=seed))
    assert 3 < np.abs(saved.samples - image.samples).max() * 255 <= 7.001


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("score", [75.0, 88.0])
def test_a_change_that_shows_too_much_is_scaled_back_until_the_file_keeps_the_score(kind, score):
    image = picture(kind)
    change = cloaked(image, Budget(ssimulacra2=score), size=20)
    saved = save_within(image, change)
    assert score <= similarity(image, saved) < score + 4
    assert similarity(image, decode(encode(image, change.colours), name="a")) < score


def test_a_score_beyond_what_a_jpeg_itself_keeps_is_refused():
    image = picture("JPEG", quality=90)
    with pytest.raises(ImageError, match=r"cannot keep a score of 99\.99"):
        save_within(image, cloaked(image, Budget(ssimulacra2=99.99), size=20))


def test_the_loss_of_a_quality_that_was_asked_for_comes_on_top_of_the_budget():
    image = picture("JPEG", quality=95)
    change = cloaked(image, Budget(ssimulacra2=80.0), size=20)
    saved, exact = save_within(image, change, 30), save_within(image, change)
    colours = np.rint(exact.samples * 255).astype(int)
    assert similarity(image, exact) >= 80 > similarity(image, saved)
    again = decode(encode(image, colours.astype(np.uint8), quality=30), name="again.jpeg")
    assert np.abs(again.samples - saved.samples).mean() * 255 < 2


def test_transparent_pictures_are_looked_at_on_white_and_on_black():
    samples = np.full((128, 128, 4), 255, np.uint8)
    samples[:, 64:, 3] = 60
    buffer = io.BytesIO()
    Pillow.fromarray(samples).save(buffer, "PNG")
    image = decode(buffer.getvalue(), name="glass.png")
    darker = samples[..., :3].copy()
    darker[40:80, 70:110] -= 12
    changed = decode(encode(image, darker), name="glass.png")
    on_white, on_black = (ssimulacra2(*pair) for pair in grounds(image, changed))
    assert similarity(image, changed) <= min(on_white, on_black)


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
