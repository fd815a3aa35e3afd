"""The visibility of a change, for pictures of all kinds."""

import io

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from artaudit import distances
from artaudit.datasets.photographs import photograph
from artaudit.image import Image, decode
from artaudit.protect.visibility import SCALE, in_words, visibility, worst_place

KEYS = {
    "ssimulacra2",
    "ssimulacra2_worst_tile",
    "flip",
    "flip_worst_tile",
    "linf",
    "psnr_db",
    "ssim",
    "delta_e_mean",
    "delta_e_p95",
}


def file(array: np.ndarray, name: str = "picture.png") -> Image:
    return decode(cv2.imencode(".png", array[..., ::-1] if array.ndim == 3 else array)[1].tobytes(), name=name)


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    with Pillow.open(io.BytesIO(photograph("flower.jpg"))) as opened:
        return np.asarray(opened.resize((300, 200)))


def noised(array: np.ndarray, levels: float, seed: int = 1) -> np.ndarray:
    top = np.iinfo(array.dtype).max
    noise = levels * top / 255 * np.random.default_rng(seed).standard_normal(array.shape)
    return np.rint((array + noise).clip(0, top)).astype(array.dtype)


def test_equal_pictures_show_nothing(photo):
    same = visibility(file(photo), file(photo))
    assert set(same) == KEYS
    assert same["ssimulacra2"] == same["ssimulacra2_worst_tile"] == 100
    assert same["psnr_db"] is None and same["ssim"] == 1
    assert all(same[name] == pytest.approx(0, abs=1e-4) for name in ("flip", "flip_worst_tile", "linf", "delta_e_p95"))


def test_a_louder_change_shows_more_by_every_measure(photo):
    quiet, loud = (visibility(file(photo), file(noised(photo, levels))) for levels in (1, 4))
    for name in ("ssimulacra2", "ssimulacra2_worst_tile", "psnr_db", "ssim"):
        assert loud[name] < quiet[name]
    for name in ("flip", "flip_worst_tile", "linf", "delta_e_mean", "delta_e_p95"):
        assert loud[name] > quiet[name]
    assert quiet["flip_worst_tile"] >= quiet["flip"] and quiet["delta_e_p95"] > quiet["delta_e_mean"]


def test_the_numbers_are_those_of_the_distances(photo):
    changed = noised(photo, 3)
    seen = visibility(file(photo), file(changed))
    before, after = photo.astype(np.float32) / 255, changed.astype(np.float32) / 255
    assert seen["ssimulacra2"] == pytest.approx(distances.ssimulacra2(before, after), abs=0.01)
    assert seen["flip"] == pytest.approx(float(distances.flip(before, after).mean()), abs=1e-4)
    assert seen["psnr_db"] == pytest.approx(distances.psnr(before, after), abs=0.01)


def test_the_worst_tiles_are_where_the_change_is():
    clean = np.full((600, 520, 3), 128, np.uint8)
    changed = clean.copy()
    changed[400:, 300:] = noised(clean[400:, 300:], 8)
    seen = visibility(file(clean), file(changed))
    assert seen["ssimulacra2_worst_tile"] < seen["ssimulacra2"] - 5
    assert seen["flip_worst_tile"] > 3 * seen["flip"]
    place = worst_place(clean.astype(np.float32) / 255, changed.astype(np.float32) / 255)
    assert place.down > 0.6 and place.across > 0.6


@pytest.mark.parametrize("ground", [0, 255])
def test_a_transparent_picture_counts_on_the_ground_where_it_shows_more(ground):
    alpha = np.full((128, 128, 1), 100, np.uint8)
    clean = np.full((128, 128, 3), ground, np.uint8)
    changed = clean.copy()
    changed[::2] = abs(ground - 40)
    with_alpha, opaque = (
        visibility(*(file_of(array, alpha if there else None) for array in (clean, changed))) for there in (True, False)
    )
    on_white = [1 - (1 - array.astype(np.float32) / 255) * np.float32(100 / 255) for array in (clean, changed)]
    least = float(distances.flip(*on_white).mean())
    assert opaque["flip"] > with_alpha["flip"] >= least - 1e-4 > 0
    assert with_alpha["linf"] == opaque["linf"] == pytest.approx(40 / 255, abs=1e-4)


def file_of(colours: np.ndarray, alpha: np.ndarray | None) -> Image:
    array = colours if alpha is None else np.concatenate([colours, alpha], axis=2)
    buffer = io.BytesIO()
    Pillow.fromarray(array).save(buffer, "PNG")
    return decode(buffer.getvalue(), name="picture.png")


def test_a_change_of_wholly_transparent_samples_does_not_show():
    colours, alpha = np.full((96, 96, 3), 200, np.uint8), np.zeros((96, 96, 1), np.uint8)
    seen = visibility(file_of(colours, alpha), file_of(noised(colours, 20), alpha))
    assert seen["ssimulacra2"] == 100 and seen["linf"] > 0


@pytest.mark.parametrize("kind", ["grey", "sixteen bits", "tiny"])
def test_grey_deep_and_tiny_pictures_are_measured(photo, kind):
    array = {"grey": photo[..., 1], "sixteen bits": photo.astype(np.uint16) * 257, "tiny": photo[:20, :9]}[kind]
    seen = visibility(file(array), file(noised(array, 3)))
    assert set(seen) == KEYS and 20 < seen["ssimulacra2"] < 95 and all(np.isfinite(value) for value in seen.values())


@given(st.floats(-200, 100))
def test_every_score_is_a_sentence_and_no_better_one_for_a_lower_score(score):
    order = [words for _, words in SCALE]
    assert order.index(in_words(score)) <= order.index(in_words(score - 10))
