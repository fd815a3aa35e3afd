"""Pictures that hold next to nothing are told from those that hold something."""

import pytest
import torch

from artaudit.attribution.plain import plain
from artaudit.attribution.statistics.octaves import BLOCK

SIDE = 16 * BLOCK


def busy(rows, *, colour=True):
    """Return a flat picture whose upper rows of blocks hold noise."""
    picture = torch.tensor([0.6, 0.5, 0.4] if colour else [0.5, 0.5, 0.5]).view(1, 3, 1, 1).repeat(1, 1, SIDE, SIDE)
    noise = torch.rand(1, 1, rows * BLOCK, SIDE, generator=torch.Generator().manual_seed(0))
    picture[..., : rows * BLOCK, :] += (noise - 0.5) / 4
    return picture


@pytest.mark.parametrize(("rows", "told"), [(0, True), (1, True), (4, False), (16, False)])
def test_a_picture_is_plain_where_next_to_nothing_is_held(rows, told):
    assert plain(busy(rows)).tolist() == [told]


def test_a_grey_picture_is_plain_whatever_it_shows():
    assert plain(torch.cat([busy(16, colour=False), busy(16)])).tolist() == [True, False]


def test_a_change_of_less_than_a_level_is_nothing():
    faint = busy(16) * 0 + 0.5 + (busy(16) - busy(0)) / 200
    assert plain(faint).tolist() == [True]
