"""The pictures of the page of an attribution."""

import torch

from artaudit.attribution.page import phase_map


def test_offsets_that_were_not_tried_are_neither_dark_nor_bright():
    scores = torch.full((2, 2), torch.nan)
    scores[0, 0], scores[1, 1] = -3.0, 5.0
    drawn = phase_map(scores)
    height, width, _ = drawn.shape
    assert drawn[0, 0].tolist() == [0, 0, 0] and drawn[height - 1, width - 1].tolist() == [255, 255, 255]
    assert len(set(drawn[0, width - 1].tolist())) == 3
    assert (drawn[height - 1, 0] == drawn[0, width - 1]).all()


def test_one_score_for_all_is_drawn():
    assert phase_map(torch.zeros(8, 8)).max() == 0
