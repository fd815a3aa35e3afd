"""Features describe noise: they are finite, of one length, and forget where a crop was cut."""

import cv2
import numpy as np
import pytest

from artaudit.datasets.photographs import PHOTOGRAPHS, photograph
from artaudit.detect.features import BROAD, REACH, SIDES, _alike, crop_features
from artaudit.detect.residuals import KERNELS, gaussian_residual, haar, residuals
from artaudit.image import decode


@pytest.fixture(scope="module")
def picture():
    name = next(iter(PHOTOGRAPHS))
    return decode(photograph(name), name=name).pixels


def test_runs_that_mirror_or_negate_each_other_share_a_class():
    assert _alike().max() + 1 == 42 - 3
    runs = {
        (a, b, c): _alike()[((a + REACH) * SIDES + b + REACH) * SIDES + c + REACH]
        for a, b, c in [(1, 2, -1), (-1, 2, 1), (-1, -2, 1), (1, -2, -1), (1, 2, 1)]
    }
    assert runs[1, 2, -1] == runs[-1, 2, 1] == runs[-1, -2, 1] == runs[1, -2, -1] != runs[1, 2, 1]


def test_a_ramp_has_no_residual_but_its_slope():
    ramp = np.add.outer(np.arange(64.0), 2 * np.arange(64.0)).astype(np.float32)
    for name, residual in residuals(ramp):
        inner = residual[8:-8, 8:-8]
        assert np.ptp(inner) < 1e-3
        assert name == "first" or abs(inner.mean()) < 1e-3


def test_kernels_ignore_flat_ground():
    assert all(abs(kernel.sum()) < 1e-12 for kernel in KERNELS.values())


def test_the_wavelet_keeps_all_energy():
    plane = np.random.default_rng(0).random((32, 48)).astype(np.float32)
    low, bands = haar(plane)
    assert (low**2).sum() + sum((band**2).sum() for band in bands) == pytest.approx((plane**2).sum(), rel=1e-5)


def test_shares_of_runs_are_counted_at_half_resolution_and_in_coarse_steps_too(picture):
    crop = np.ascontiguousarray(picture[100:228, 200:328])
    luma = cv2.cvtColor(crop, cv2.COLOR_RGB2YCrCb)[..., 0] * 255
    runs = _alike().max() + 1
    found = crop_features(crop)["runs"].reshape(-1, runs)
    last = found[-2 * len(BROAD) :]
    assert (last**2).sum(axis=1) == pytest.approx(1)
    half = cv2.resize(luma, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    assert [name for name, _ in residuals(half, BROAD)] == ["second", "second", "square 3", "gaussian"]
    still = _alike()[SIDES**3 // 2]
    assert (last[len(BROAD) :, still] > found[0, still]).all()


def test_features_of_a_shifted_crop_are_nearer_than_those_of_a_blurred_one(picture):
    crop, shifted = picture[100:228, 200:328], picture[103:231, 205:333]
    blurred = crop - np.stack(
        [gaussian_residual(np.ascontiguousarray(crop[..., channel])) for channel in range(3)], axis=2
    )
    at, near, far = (np.concatenate(list(crop_features(picture).values())) for picture in (crop, shifted, blurred))
    assert np.isfinite(at).all()
    assert np.linalg.norm(near - at) < np.linalg.norm(far - at) / 2
