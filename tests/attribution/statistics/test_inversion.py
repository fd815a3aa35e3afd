"""Inversion comes nearer to a model's own pictures than to others; the path through a denoiser closes."""

import numpy as np
import pytest
import torch
from torch import nn

from artaudit.attribution.statistic import redraw
from artaudit.attribution.statistics.ddim import Ddim, parts_of
from artaudit.attribution.statistics.latenttracer import LatentTracer
from artaudit.attribution.statistics.levenberg import EXACT, polish
from artaudit.attribution.statistics.ronan import Ronan, belongs, grubbs_bound
from artaudit.errors import UsageError
from artaudit.generators import pool
from artaudit.generators.opening import open_model


def test_tracing_never_ends_worse_than_the_redrawing_it_began_with(model, crops, own):
    traced = LatentTracer(steps=8).trace(model, own[:2])
    first = (redraw(model, own[:2]) - own[:2]).square().mean((1, 2, 3))
    assert (traced.errors < first).all()
    torch.testing.assert_close((traced.pictures - own[:2]).square().mean((1, 2, 3)), traced.errors)
    real = LatentTracer(steps=8).trace(model, crops[:2])
    assert (traced.errors < real.errors).all()
    assert traced.iterations == 9
    assert traced.iterations_per_second > 0


def test_tracing_stops_once_the_error_has_settled(model, crops):
    traced = LatentTracer(steps=100, rate=1e-9, patience=3).trace(model, crops[:1])
    assert traced.settled
    assert traced.iterations == 4


def test_the_numbers_of_tracing_are_finite(model, own):
    tracer = LatentTracer(steps=2)
    numbers = tracer.measure(model, own[:2])
    assert numbers.shape == (2, len(tracer.names))
    assert numbers.isfinite().all()


@pytest.fixture(scope="module")
def gan():
    """Make a small generator of the DCGAN's layers with random weights."""
    torch.manual_seed(3)
    layers = [nn.ConvTranspose2d(8, 16, 4), nn.ReLU(), nn.ConvTranspose2d(16, 8, 4, 2, 1), nn.ReLU()]
    return nn.Sequential(*layers, nn.ConvTranspose2d(8, 3, 4, 2, 1), nn.Sigmoid()).requires_grad_(requires_grad=False)


def test_an_input_is_found_for_a_generators_own_picture_and_not_for_others(gan):
    ronan = Ronan(steps=150, rate=0.1)
    torch.manual_seed(4)
    own, noise = gan(torch.cat([torch.randn(1, 8, 1, 1) for _ in range(7)])), torch.rand(1, 3, 16, 16)
    inversion = ronan.invert(gan, (8, 1, 1), torch.cat([own, noise]))
    *errors, error_of_noise = inversion.errors.tolist()
    assert error_of_noise > 10 * max(errors)
    assert belongs(errors[0], errors[1:] * 2)
    assert not belongs(error_of_noise, errors)
    torch.testing.assert_close((gan(inversion.codes[:7]) - own).square().mean((1, 2, 3)), inversion.errors[:7])
    assert float((gan(inversion.codes[7:]) - gan(inversion.codes[:1])).abs().max()) > 0
    alone = ronan.invert(gan, (8, 1, 1), noise)
    torch.testing.assert_close(alone.errors, inversion.errors[7:], rtol=1e-2, atol=1e-6)


def test_the_last_strides_end_at_the_very_input_of_an_own_picture_alone(gan):
    def vivid(codes):
        return torch.sigmoid(100 * (gan(codes) - 0.5))

    torch.manual_seed(5)
    code = torch.randn(8, 1, 1)
    near = code + 0.3 * torch.randn(8, 1, 1)
    polished, error = polish(vivid, near, vivid(code[None])[0])
    assert (vivid(near[None]) - vivid(code[None])).square().mean() > 10 * EXACT
    assert error < EXACT
    assert (polished - code).norm() < 0.3 * (near - code).norm()
    assert polish(vivid, near, torch.rand(3, 16, 16))[1] > 100 * EXACT


def test_the_test_for_an_outlier_is_grubbs():
    assert grubbs_bound(10, 0.05) == pytest.approx(2.176, abs=1e-3)
    with pytest.raises(ValueError, match="at least 7"):
        belongs(1.0, [1.0] * 6)


def test_a_known_error_whose_search_failed_does_not_let_strangers_pass():
    known = np.exp(np.random.default_rng(1).normal(-13, 0.2, 20)).tolist()
    assert not belongs(1e-3, [*known, 1e-2])
    assert belongs(known[0], [*known[1:], 1e-2])


def test_the_test_seldom_refuses_what_belongs():
    rng = np.random.default_rng(0)
    refused = [not belongs(errors[0], errors[1:].tolist()) for errors in np.exp(rng.normal(-6, 0.5, (400, 30)))]
    assert np.mean(refused) < 0.05


def test_an_input_is_searched_in_the_latents_or_in_the_noise(model, generator, own):
    ronan = Ronan(steps=3, starts=2, strides=2)
    for drawer in (model, generator):
        numbers = ronan.measure(drawer, own[:2, :, :64, :64])
        assert numbers.shape == (2, len(ronan.names))
        assert numbers.isfinite().all()
    begun = Ronan(steps=1, starts=2, strides=2).measure(generator, own[:2, :, :64, :64])
    assert (numbers[:, 0] < begun[:, 0]).all()


@pytest.fixture(scope="module")
def generator():
    return next(open_model(record) for record in pool.embedded() if record.name == "studio-diffusion")


def test_noisy_latents_and_what_was_wanted_give_back_latents_and_noise(generator):
    torch.manual_seed(0)
    latents, noise, steps = torch.randn(2, 4, 4, 4), torch.randn(2, 4, 4, 4), torch.tensor([20, 900])
    target = generator.training_target(latents, noise, steps)
    clean, added = parts_of(generator, generator.add_noise(latents, noise, steps), target, steps)
    torch.testing.assert_close(clean, latents, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(added, noise, atol=1e-3, rtol=1e-3)


def test_the_way_back_ends_near_where_it_began(generator, crops):
    latents = generator.encode(crops[:1, :, :64, :64]).detach()
    ddim = Ddim(steps=6, depth=0.2)
    away = ddim.path(generator, latents)
    back = ddim.path(generator, away[-1], returning=True)
    assert len(away) == len(back) == 7
    assert (back[-1] - latents).square().mean() < 0.2 * latents.square().mean()
    numbers = ddim.measure(generator, crops[:1, :, :64, :64])
    assert numbers.shape == (1, len(ddim.names))
    assert numbers.isfinite().all()


def test_a_model_without_a_denoiser_is_refused(model, crops):
    with pytest.raises(UsageError, match="denoiser"):
        Ddim().measure(model, crops[:1])
