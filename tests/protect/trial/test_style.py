"""Style features, their linear judge and the kernel distance."""

import numpy as np
import pytest
import torch

from artaudit.generators import pool
from artaudit.generators.opening import open_model
from artaudit.protect.trial.style import BLOCK, features, judge, kernel_distances


def drawn(mean: float, count: int, number: int) -> np.ndarray:
    return np.random.default_rng(number).normal(mean, 1, (count, 6))


def test_the_kernel_distance_is_about_nothing_between_equals_and_grows():
    real = drawn(0, 60, 0)
    near, middle, far = (kernel_distances(drawn(mean, 200, 1), real).mean() for mean in (0, 0.5, 1))
    assert abs(near) < middle < far
    assert len(kernel_distances(drawn(0, 2 * BLOCK + 1, 1), real)) == 2


def test_the_judge_tells_styles_apart_and_says_how_well_on_what_it_did_not_learn():
    own, others = drawn(1, 40, 2), drawn(-1, 40, 3)
    head = judge(own, others)
    assert head.auc > 0.95
    assert head.score(drawn(1, 20, 4)).mean() > 0 > head.score(drawn(-1, 20, 5)).mean()
    assert judge(drawn(0, 40, 6), drawn(0, 40, 7)).auc == pytest.approx(0.5, abs=0.25)


def test_features_do_not_depend_on_where_things_are_in_a_picture():
    model = open_model(next(record for record in pool.embedded() if record.name == "studio-flux2"))
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    smooth = torch.nn.functional.avg_pool2d(picture, 9, stride=1, padding=4)
    own, rolled, other = (features(model, pixels)[0] for pixels in (picture, picture.roll(32, dims=3), smooth))
    assert np.abs(own - rolled).mean() < 0.2 * np.abs(own - other).mean()
