"""A picture is seen while it is cloaked, and its descent is kept as without anybody who looks."""

import numpy as np
import pytest
import torch

from artaudit.datasets.photographs import photograph
from artaudit.image import decode
from artaudit.protect.checkpoint import Checkpoint
from artaudit.protect.descent import State
from artaudit.protect.watching import Onlooker


@pytest.fixture
def image():
    return decode(photograph("china.jpg"), name="china.jpg")


def state(image, level):
    change = torch.full((1, 3, image.height, image.width), level / 255)
    return State(change, torch.zeros_like(change), torch.zeros_like(change), [], step=3)


def test_it_is_shown_as_it_stands_and_not_at_every_step(tmp_path, image):
    seen = []
    onlooker = Onlooker(Checkpoint(tmp_path / "state", "digest", 0), image, seen.append)
    onlooker.keep(state(image, 2))
    onlooker.keep(state(image, 3))
    (shown,) = seen
    assert shown.shape == image.rgb8.shape
    assert np.array_equal(shown, np.minimum(image.rgb8.astype(int) + 2, 255))


def test_what_is_kept_and_recalled_is_the_keeper_s(tmp_path, image):
    keeper = Checkpoint(tmp_path / "state", "digest", 0)
    onlooker = Onlooker(keeper, image, lambda _: None)
    keeper._due = 0
    onlooker.keep(state(image, 2))
    again = Onlooker(Checkpoint(tmp_path / "state", "digest", 0, resume=True), image, lambda _: None)
    recalled = again.recalled(state(image, 0))
    assert recalled.step == 3
    assert torch.equal(recalled.change, state(image, 2).change)
