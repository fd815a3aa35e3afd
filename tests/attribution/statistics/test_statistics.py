"""Every statistic gives one finite row a picture, whatever the company, and tells a decoder's own pictures."""

import pytest
import torch

from artaudit import catalog
from artaudit.attribution.statistic import Statistic, in_parts, log_bands, log_power, redraw, whole
from artaudit.attribution.statistics.aeroblade import Aeroblade
from artaudit.attribution.statistics.inversion import Inversion
from artaudit.attribution.statistics.octaves import Octaves
from artaudit.attribution.statistics.phase import Phase
from artaudit.protocols import Generator

PLAIN = [name for name in catalog.ATTRIBUTIONS if name not in ("ddim", "latenttracer", "ronan")]


@pytest.mark.parametrize("name", PLAIN)
def test_a_statistic_says_the_same_of_a_picture_in_any_company(name, model, crops):
    statistic = catalog.load(catalog.ATTRIBUTIONS, name)()
    assert isinstance(statistic, Statistic)
    numbers = statistic.measure(model, crops)
    assert (len(numbers), numbers.shape[-1]) == (len(crops), len(statistic.names))
    assert numbers.isfinite().all()
    assert len(set(statistic.names)) == len(statistic.names)
    torch.testing.assert_close(statistic.measure(model, crops[3:4]), numbers[3:4], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", PLAIN)
def test_a_flat_picture_has_finite_numbers(name, model):
    statistic = catalog.load(catalog.ATTRIBUTIONS, name)()
    assert statistic.measure(model, torch.full((1, 3, 64, 64), 0.5)).isfinite().all()


def test_own_pictures_lose_more_off_the_grid_than_real_ones(model, crops, own):
    assert (Phase().measure(model, own).mean() - Phase().measure(model, crops).mean()) > 0.05


def test_own_pictures_are_nearer_to_their_redrawing(model, crops, own):
    assert (Aeroblade().measure(model, own) < Aeroblade().measure(model, crops)).all()


def test_a_step_of_inversion_brings_own_pictures_nearer_than_real_ones(model, crops, own):
    def gained(pixels):
        numbers = Inversion(count=3).measure(model, pixels)
        return (numbers[..., 8] - numbers[..., 16]).mean()  # the finest octave of the error in light, before and after

    assert gained(own) > gained(crops) + 0.1


def test_a_distance_handed_in_is_the_one_that_counts(model, crops):
    worst = Aeroblade(lambda redrawn, pixels: (redrawn - pixels).abs().amax((1, 2, 3)))
    expected = ((redraw(model, crops) * 255).round() / 255 - crops).abs().amax((1, 2, 3)).log10()
    torch.testing.assert_close(worst.measure(model, crops)[:, 0], expected)


def test_octaves_name_where_a_change_lies():
    chess = (torch.arange(32)[:, None] + torch.arange(32)).remainder(2).float().expand(1, 3, 32, 32) - 0.5
    bands = log_bands(chess, 3)[0]
    assert bands.argmax() == 0
    assert log_bands(torch.ones(1, 3, 32, 32), 3)[0].argmax() == 3
    assert len(Octaves(2).names) == Octaves(2).measure(_Keeps(), chess.abs()).shape[-1]


def test_blocks_say_where_a_change_lies_and_those_at_the_edges_are_left_out():
    pixels = torch.full((1, 3, 96, 112), 0.5)
    pixels[..., 32:48, 48:64] += 0.2 * torch.rand(16, 16)
    numbers = Octaves().measure(_Keeps(), pixels)
    assert numbers.shape == (1, 4 * 5, len(Octaves().names))
    assert int(numbers[0, :, 0].argmax()) == 1 * 5 + 2


def test_whole_latents_are_kept_from_the_upper_left():
    pixels = torch.rand(1, 3, 19, 25)
    assert torch.equal(whole(pixels, 8), pixels[..., :16, :24])


def test_parts_join_to_the_whole():
    pixels = torch.rand(9, 3, 200, 300)
    assert torch.equal(in_parts(lambda part: part * 2, pixels), pixels * 2)


class _Keeps:
    """The autoencoder that changes nothing."""

    name = digest = family = "keeps"
    factor = 1

    def encode(self, pixels):
        return pixels

    def decode(self, latents):
        return latents


def test_what_keeps_everything_has_the_least_error(crops):
    assert (log_power(redraw(_Keeps(), crops) - crops) == -8).all()
    assert not isinstance(_Keeps(), Generator)
