"""Distances agree with their definitions."""

import math

import numpy as np
import pytest

from artaudit import distances

PICTURE = np.random.default_rng(3).random((40, 50, 3), dtype=np.float32) * 0.9


def test_equal_pictures_are_at_no_distance():
    assert distances.linf(PICTURE, PICTURE) == 0
    assert math.isinf(distances.psnr(PICTURE, PICTURE))
    assert distances.ssim(PICTURE, PICTURE) == pytest.approx(1)
    assert distances.delta_e(PICTURE, PICTURE).max() == 0


def test_a_constant_shift_has_the_psnr_of_its_size():
    shifted = PICTURE + np.float32(7 / 255)
    assert distances.linf(PICTURE, shifted) == pytest.approx(7 / 255, rel=1e-4)
    assert distances.psnr(PICTURE, shifted) == pytest.approx(20 * math.log10(255 / 7), abs=0.01)


def test_black_and_white_are_a_hundred_apart():
    black, white = np.zeros((8, 8, 3), np.float32), np.ones((8, 8, 3), np.float32)
    assert distances.delta_e(black, white).mean() == pytest.approx(100, abs=0.1)


def test_noise_lowers_structural_similarity():
    noise = np.random.default_rng(0).normal(0, 0.1, PICTURE.shape).astype(np.float32)
    assert distances.ssim(PICTURE, PICTURE + noise) < 0.98
