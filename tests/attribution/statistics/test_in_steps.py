"""What a file's rounding explains of an error, and what it does not."""

import numpy as np
import pytest
import torch

from artaudit.attribution.known_pictures import as_levels, as_pixels
from artaudit.attribution.quantisation import of_quality
from artaudit.attribution.statistic import redraw
from artaudit.attribution.statistics.in_steps import NAMES, in_steps, nearest
from artaudit.attribution.statistics.inversion import Inversion
from artaudit.attribution.statistics.octaves import by_block
from artaudit.datasets.photographs import PHOTOGRAPHS, photograph
from artaudit.edits import Saved
from artaudit.image import decode

EXPLAINED = -2.0
"""A hundredth of a step squared: beyond half a step lies next to nothing."""


@pytest.fixture(scope="module")
def levels():
    (name, *_) = PHOTOGRAPHS
    return np.ascontiguousarray(decode(photograph(name), name=name).rgb8[64:192, 64:192])


def named(numbers, words):
    """Return the means of the numbers whose names hold some words."""
    return numbers.mean((0, 1))[[words in name for name in NAMES]]


@pytest.mark.parametrize("quality", [70, 80, 90])
def test_the_rounding_of_a_file_explains_its_own_error(levels, quality):
    saved, steps = as_pixels([Saved(quality)(levels)]), of_quality(quality).steps
    numbers = in_steps(saved, as_pixels([levels]), steps)
    assert named(numbers, "beyond half a step").max() < EXPLAINED
    errors = named(numbers, "of error in luma")
    assert errors[0] == pytest.approx(np.log10(1 / 12), abs=0.25)  # uniform within a step


def test_an_error_larger_than_half_a_step_is_not_explained(levels):
    saved, steps = as_pixels([Saved(90)(levels)]), of_quality(90).steps
    moved = (as_pixels([levels]) + 0.03).clamp(0, 1)
    assert named(in_steps(saved, moved, steps), "beyond half a step")[0] > EXPLAINED + 1


def test_finer_steps_leave_less_unexplained(levels):
    saved, drawn = as_pixels([Saved(80)(levels)]), as_pixels([Saved(60)(levels)])
    coarse, fine = (named(in_steps(saved, drawn, of_quality(quality).steps), "beyond") for quality in (60, 95))
    assert (coarse <= fine + 1e-6).all()


@pytest.mark.parametrize("side", [48, 96, 128])
def test_places_are_those_of_octaves(side):
    pixels = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    numbers = in_steps(pixels, pixels, of_quality(90).steps.expand(2, -1, -1, -1))
    assert numbers.shape == (*by_block(pixels, 3).shape[:2], len(NAMES))


def test_files_are_measured_beside_the_numbers_of_all_pictures(model, own):
    asked, steps = Inversion(), of_quality(90).steps.expand(len(own), -1, -1, -1)
    numbers, of_files = asked.measure_files(model, own, steps)
    torch.testing.assert_close(numbers, asked.measure(model, own))
    assert of_files.shape == (*numbers.shape[:2], len(asked.names_of_files))
    torch.testing.assert_close(of_files[..., 0], numbers[..., 0])


def test_the_nearest_picture_that_a_file_allows_is_one_that_it_allows(levels):
    saved, steps = as_pixels([Saved(90)(levels)]), of_quality(90).steps
    moved = (as_pixels([levels]) + 0.03).clamp(0, 1)
    allowed = nearest(saved, moved, steps)
    assert named(in_steps(saved, allowed, steps), "beyond half a step").max() < EXPLAINED
    assert (allowed - moved).abs().mean() < (saved - moved).abs().mean()


def test_what_a_file_allows_stays_as_it_is(levels):
    saved, steps, drawn = as_pixels([Saved(70)(levels)]), of_quality(70).steps, as_pixels([levels])
    assert (nearest(saved, drawn, steps) - drawn).abs().mean() < 0.5 / 255


def test_what_is_no_whole_block_of_a_file_stays_as_it_was_redrawn():
    pixels = torch.rand(1, 3, 40, 56, generator=torch.Generator().manual_seed(0))
    allowed = nearest(pixels, pixels * 0.5, of_quality(90).steps)
    torch.testing.assert_close(allowed[..., 32:, :], pixels[..., 32:, :] * 0.5)
    torch.testing.assert_close(allowed[..., :, 48:], pixels[..., :, 48:] * 0.5)
    assert (allowed[..., :32, :48] - pixels[..., :32, :48]).abs().mean() < (pixels[..., :32, :48] * 0.5).mean()


def test_steps_towards_what_a_file_allows_leave_less_unexplained(model, own):
    saved, steps = as_pixels([Saved(90)(levels) for levels in as_levels(own)]), of_quality(90).steps
    steps = steps.expand(len(own), -1, -1, -1)
    _, of_files = Inversion().measure_files(model, saved, steps)
    before, after = in_steps(saved, redraw(model, saved), steps), of_files[..., 1:]
    assert named(after, "beyond half a step in luma").mean() < named(before, "beyond half a step in luma").mean()
