"""Transforms keep size and range, pass gradients and repeat themselves."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from artaudit.transforms import Blur, Identity, Noise, Rescale

TRANSFORMS = [Identity(), Blur(0.8), Blur(2.0), Noise(0.05), Rescale(0.5), Rescale(0.7)]


@pytest.mark.parametrize("transform", TRANSFORMS, ids=repr)
def test_size_range_gradient_and_repetition(transform):
    pixels = torch.rand(1, 3, 37, 50, generator=torch.Generator().manual_seed(0), requires_grad=True)
    seen = transform(pixels, 4)
    assert seen.shape == pixels.shape
    assert seen.min() >= -1e-5 and seen.max() <= 1 + 1e-5
    assert torch.equal(seen, transform(pixels, 4))
    (slope,) = torch.autograd.grad(seen.square().sum(), pixels)
    assert (slope != 0).float().mean() > 0.8


@given(st.floats(0.3, 3.0), st.floats(0, 1))
def test_blur_and_rescale_leave_a_flat_picture_alone(amount, shade):
    flat = torch.full((1, 3, 20, 30), shade)
    assert torch.allclose(Blur(amount)(flat, 0), flat, atol=1e-5)
    assert torch.allclose(Rescale(min(amount, 1.0))(flat, 0), flat, atol=1e-5)


def test_noise_has_its_sigma():
    grey = torch.full((1, 3, 200, 200), 0.5)
    assert float((Noise(0.05)(grey, 1) - grey).std()) == pytest.approx(0.05, rel=0.02)
