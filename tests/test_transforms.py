"""Transforms keep size and range, pass gradients and repeat themselves."""

import io

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from artaudit.tensors import to_array, to_batch
from artaudit.transforms import (
    Blur,
    Crop,
    Encoded,
    Identity,
    Jpeg,
    Noise,
    Rescale,
    Screenshot,
    to_linear,
    to_luma,
    to_rgb,
    to_srgb,
    to_ycbcr,
)

RESAMPLING = [Identity(), Blur(0.8), Blur(2.0), Noise(0.05), Rescale(0.5), Rescale(0.7), Screenshot(), Screenshot(1.5)]
CODECS = [Jpeg(50), Jpeg(75), Jpeg(90, "4:4:4"), Encoded("JPEG", 60), Encoded("WEBP", 80), Encoded("AVIF", 70)]
TRANSFORMS = RESAMPLING + CODECS
SUBSAMPLING = {"4:4:4": 0, "4:2:0": 2}


def smooth(height: int, width: int, channels: int, seed: int = 0) -> np.ndarray:
    """Draw soft colour with a few sharp lines, in 8 bits."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (5, 6, channels), dtype=np.uint8)
    array = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).reshape(height, width, channels)
    for row, column in rng.integers(0, (height, width), (3, 2)):
        array[row] = rng.integers(0, 256, channels)
        array[:, column] = rng.integers(0, 256, channels)
    return array


def through_pillow(array: np.ndarray, quality: int, subsampling: str) -> np.ndarray:
    buffer = io.BytesIO()
    picture = Pillow.fromarray(array[..., 0] if array.shape[2] == 1 else array)
    picture.save(buffer, "JPEG", quality=quality, subsampling=SUBSAMPLING[subsampling])
    return np.asarray(Pillow.open(buffer), dtype=np.float32).reshape(array.shape)


@pytest.mark.parametrize("transform", TRANSFORMS, ids=repr)
def test_size_range_gradient_and_repetition(transform):
    pixels = torch.rand(1, 3, 37, 50, generator=torch.Generator().manual_seed(0), requires_grad=True)
    seen = transform(pixels, 4)
    assert seen.shape == pixels.shape
    assert seen.min() >= -1e-5 and seen.max() <= 1 + 1e-5
    assert torch.equal(seen, transform(pixels, 4))
    (slope,) = torch.autograd.grad(seen.square().sum(), pixels)
    assert (slope != 0).float().mean() > 0.8


@settings(deadline=None)
@given(st.floats(0.3, 3.0), st.floats(0, 1))
def test_blur_and_rescale_leave_a_flat_picture_alone(amount, shade):
    flat = torch.full((1, 3, 20, 30), shade)
    assert torch.allclose(Blur(amount)(flat, 0), flat, atol=1e-5)
    assert torch.allclose(Rescale(min(amount, 1.0))(flat, 0), flat, atol=1e-5)


def test_noise_has_its_sigma():
    grey = torch.full((1, 3, 200, 200), 0.5)
    assert float((Noise(0.05)(grey, 1) - grey).std()) == pytest.approx(0.05, rel=0.02)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 100),
    st.sampled_from(["4:4:4", "4:2:0"]),
    st.tuples(st.integers(60, 120), st.integers(60, 120)),
    st.sampled_from([1, 3]),
    st.integers(0, 99),
)
def test_jpeg_agrees_with_pillow(quality, subsampling, size, channels, seed):
    array = smooth(*size, channels, seed)
    mine = to_array(Jpeg(quality, subsampling)(to_batch(array.astype(np.float32) / 255), 0)) * 255
    apart = np.abs(mine - through_pillow(array, quality, subsampling))
    assert apart.mean() < 2
    assert np.allclose(mine, np.rint(mine), atol=1e-3)


@pytest.mark.parametrize("quality", [30, 75, 95])
@pytest.mark.parametrize("subsampling", SUBSAMPLING)
def test_jpeg_is_nearer_to_pillow_than_to_the_original_and_than_another_quality(quality, subsampling):
    array = smooth(128, 128, 3)
    pixels = to_batch(array.astype(np.float32) / 255)
    real = through_pillow(array, quality, subsampling)
    apart = np.abs(to_array(Jpeg(quality, subsampling)(pixels, 0)) * 255 - real).mean()
    assert apart < 0.75
    assert apart < np.abs(array - real).mean() / 2
    assert apart < np.abs(to_array(Jpeg(quality - 15, subsampling)(pixels, 0)) * 255 - real).mean() / 2


def test_jpeg_passes_gradients_of_luma_whole_and_of_chroma_through_its_subsampling():
    pixels = (0.3 + 0.4 * torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))).requires_grad_()
    towards = torch.randn(pixels.shape, generator=torch.Generator().manual_seed(1))
    (full,) = torch.autograd.grad((Jpeg(90, "4:4:4")(pixels, 0) * towards).sum(), pixels)
    assert torch.allclose(full, towards, atol=1e-4)
    (luma,) = torch.autograd.grad((to_luma(Jpeg(90)(pixels, 0)) * towards[:, :1]).sum(), pixels)
    (wanted,) = torch.autograd.grad((to_luma(pixels) * towards[:, :1]).sum(), pixels)
    assert torch.allclose(luma, wanted, atol=1e-4)
    (chroma,) = torch.autograd.grad((to_ycbcr(Jpeg(90)(pixels, 0))[:, 1] * towards[:, 1]).sum(), pixels)
    inner = chroma[..., 2:-2, 2:-2]
    assert torch.allclose(inner[..., ::2, ::2], inner[..., 1::2, 1::2], atol=1e-5)


@pytest.mark.parametrize(("kind", "quality"), [("JPEG", 60), ("WEBP", 80), ("AVIF", 70)])
@pytest.mark.parametrize("channels", [1, 3])
def test_encoded_is_what_pillow_writes_and_reads(kind, quality, channels):
    array = smooth(40, 50, channels)
    buffer = io.BytesIO()
    Pillow.fromarray(array[..., 0] if channels == 1 else array).save(buffer, kind, quality=quality)
    real = np.asarray(Pillow.open(buffer).convert("L" if channels == 1 else "RGB")).reshape(array.shape)
    seen = to_array(Encoded(kind, quality)(to_batch(array.astype(np.float32) / 255), 0))
    assert np.array_equal(np.rint(seen * 255), real)


def test_a_crop_is_a_window_of_the_picture_and_its_place_is_random():
    rows = torch.linspace(0, 1, 60).view(1, 1, 60, 1).expand(1, 3, 60, 40)
    firsts = set()
    for seed in range(8):
        seen = Crop(0.5)(rows, seed)
        assert seen.shape == rows.shape
        assert torch.equal(seen, Crop(0.5)(rows, seed))
        assert float(seen[0, 0, -1, 0] - seen[0, 0, 0, 0]) == pytest.approx(29 / 59, abs=1e-5)
        firsts.add(round(float(seen[0, 0, 0, 0]), 3))
    assert len(firsts) > 4
    assert torch.equal(Crop(1.0)(rows, 0), rows)


def test_a_crop_passes_gradients_to_its_window_alone():
    pixels = torch.rand(1, 3, 40, 40, requires_grad=True)
    (slope,) = torch.autograd.grad(Crop(0.5)(pixels, 3).sum(), pixels)
    assert (slope != 0).sum() == 3 * 20 * 20


def test_a_screenshot_is_shifted_by_a_pixel_or_two_and_otherwise_close():
    array = cv2.GaussianBlur(smooth(96, 96, 3), (0, 0), 2).astype(np.float32) / 255
    seen = to_array(Screenshot()(to_batch(array), 5))
    inner = seen[8:-8, 8:-8]
    apart = {
        (down, right): float(np.abs(inner - np.roll(array, (down, right), (0, 1))[8:-8, 8:-8]).mean())
        for down in range(-2, 3)
        for right in range(-2, 3)
    }
    assert min(apart, key=apart.__getitem__) != (0, 0)
    assert min(apart.values()) < 3 / 255 < apart[0, 0]


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_colour_conversions_undo_each_other(red, green, blue):
    pixels = torch.tensor([red, green, blue]).view(1, 3, 1, 1)
    assert torch.allclose(to_rgb(to_ycbcr(pixels)), pixels, atol=1e-5)
    assert torch.allclose(to_srgb(to_linear(pixels)), pixels, atol=1e-5)
    assert torch.allclose(to_luma(pixels), to_ycbcr(pixels)[:, :1])
