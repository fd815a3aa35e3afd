"""What happened to a picture is found: where a crop moved its grid, and a resize."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from artaudit.attribution.search import LARGEST, MOST, SMALLEST, STEP, find_grid, find_scale, scales, undone
from artaudit.attribution.statistic import log_power, redraw


def test_the_grid_of_a_cropped_picture_is_found(model, own):
    def score(windows):
        return -log_power(redraw(model, windows) - windows)

    place, _ = find_grid(score, own[:1, :, 3:, 5:], model.factor)
    assert (place.top, place.left) == (5, 3)
    assert place.scores.shape == (8, 8) and place.scale == 1


@pytest.mark.parametrize("factor", [8, 16, 32])
def test_the_grid_of_a_coarser_decoder_is_found_between_the_offsets_of_the_first_pass(factor):
    top, left = 5 % factor, factor - 3
    rows, columns = (torch.arange(side, dtype=torch.float32) for side in (300, 320))

    def away(places, at):  # how far each row or column is from the grid, going round, and off how many finer grids
        steps = (2**power for power in range(1, factor.bit_length()))
        off = sum(((places - at) % step != 0).float() for step in steps)
        return torch.minimum((places - at) % factor, (at - places) % factor) / factor + off / factor.bit_length()

    pixels = (1 - (away(rows, top)[:, None] + away(columns, left)) / 4).expand(1, 3, -1, -1)
    place, _ = find_grid(lambda windows: windows[:, 0, 0, 0], pixels, factor)
    assert (place.top, place.left) == (top, left)
    assert place.scores.shape == (8, 8)
    assert 16 < place.scores.isfinite().sum() < 40


@given(st.integers(1, 30), st.integers(1, 30), st.floats(SMALLEST, LARGEST))
def test_the_factor_of_a_whole_pictures_resize_is_among_those_tried(rows, columns, factor):
    height, width = (max(1, round(side * STEP * factor)) for side in (rows, columns))
    exact = max(height, width) / (max(rows, columns) * STEP)
    tried = scales(height, width)
    assert len(tried) <= MOST and all(SMALLEST <= scale <= LARGEST and scale != 1 for scale in tried)
    if SMALLEST <= exact <= LARGEST and exact != 1 and len(tried) < MOST:
        assert any(abs(scale - exact) < 1e-9 for scale in tried)


def test_a_resize_is_undone():
    assert undone(torch.rand(1, 3, 60, 90), 1.5).shape[-2:] == (40, 60)
    assert undone(torch.rand(1, 3, 60, 90), 1.0).shape[-2:] == (60, 90)
    assert undone(torch.rand(1, 3, 384, 384), 0.75).shape[-2:] == (512, 512)


def test_the_best_factor_is_returned_with_all_that_were_tried():
    corner = torch.rand(1, 3, 192, 192)
    place, best = find_scale(lambda windows: windows.mean((1, 2, 3)), corner, 8, (0.5, 1.0, 1.5), least=160)
    assert [scale for scale, _ in place.tried] == [0.5, 1.0]  # by 1.5 too little would be left
    assert best == max(score for _, score in place.tried)
    assert find_scale(lambda windows: windows.mean((1, 2, 3)), corner, 8, (), least=160) is None


@pytest.mark.parametrize("factor", [0.75, 1.25])
def test_the_upper_left_corner_stays_where_it_is(factor):
    wide = torch.linspace(0, 1, 128).expand(1, 3, 128, 128)
    back = undone(torch.nn.functional.interpolate(wide, scale_factor=factor, mode="bicubic"), factor)
    torch.testing.assert_close(back[..., :64], wide[..., : back.shape[-2], :64], atol=0.02, rtol=0)
