"""A picture that is measured place by place is scored by the mean over its places, and odd places decide nothing."""

import numpy as np
import pytest
from hypothesis import given, strategies

from artaudit.attribution.regression import (
    BELONGING,
    QUADRATIC,
    Regression,
    fit,
    held_out,
    lengths,
    looseness,
    numbered,
)


def sets(places, count=40, seed=0):
    """Return places whose two numbers vary alike in others, and against one another in what belongs."""
    rng = np.random.default_rng(seed)
    shared, noise = rng.normal(0, 1, (2, count, places, 1)), rng.normal(0, 0.5, (2, count, places, 2))
    belonging, others = shared[0] * (1, -1) + noise[0], shared[1] * (1, 1) + noise[1]
    return {BELONGING: belonging, "others": others}


@pytest.fixture(scope="module")
def learned():
    return fit(sets(9), QUADRATIC[0])


def test_products_tell_what_the_numbers_themselves_do_not(learned):
    fresh = sets(9, seed=1)
    assert learned.score(fresh[BELONGING]).mean() > 1 > -1 > learned.score(fresh["others"]).mean()
    assert len(learned.weights) == lengths(2)[1]


def test_a_picture_scores_the_mean_of_its_places_in_any_order(learned):
    picture = sets(9, seed=2)[BELONGING][:1]
    each = learned.score(picture.transpose(1, 0, 2))
    assert learned.score(picture)[0] == pytest.approx(each.mean())
    assert learned.score(picture[:, ::-1])[0] == pytest.approx(each.mean())


def test_more_places_make_scores_more_certain(learned):
    few, many = (learned.score(sets(places, seed=3)["others"]).std() for places in (4, 64))
    assert many < few / 2


def test_an_odd_place_decides_nothing(learned):
    picture = sets(9, seed=4)[BELONGING][:1]
    odd = picture.copy()
    odd[0, 0] = 1e9
    less = picture.copy()
    less[0, 0] = np.array(learned.mean) + 3 * np.array(learned.scale)
    assert learned.score(odd)[0] == pytest.approx(learned.score(less)[0])


def test_places_of_one_source_never_stand_on_both_sides():
    rng = np.random.default_rng(5)
    memory = {name: np.tile(rng.normal(0, 1, (20, 4, 3)), (4, 1, 1)) for name in (BELONGING, "others")}
    groups = {name: np.tile(np.arange(20), 4) for name in memory}
    scores = held_out(memory, groups, looseness(memory)[0])
    assert abs(scores[BELONGING].mean() - scores["others"].mean()) < 0.5


@given(strategies.lists(strategies.sampled_from("abcdefgh"), min_size=8, max_size=60))
def test_pictures_of_one_source_are_of_one_fold_and_numbered_apart(sources):
    numbers = numbered(sources)
    assert len(set(numbers.tolist())) == len(sources)
    folds = [
        {number % 5 for number, name in zip(numbers.tolist(), sources, strict=True) if name == s} for s in "abcdefgh"
    ]
    if len(set(sources)) >= 5:
        assert all(len(fold) <= 1 for fold in folds)
        assert len(set().union(*folds)) == 5
    else:
        assert numbers.tolist() == list(range(len(sources)))


def test_folds_of_many_small_sources_are_of_one_size():
    numbers = numbered([*("large" for _ in range(10)), *(f"small {number}" for number in range(40))])
    assert [int((numbers % 5 == fold).sum()) for fold in range(5)] == [10] * 5


def test_a_picture_with_one_row_of_numbers_is_scored_linearly():
    plain = Regression((0.0, 1.0), (1.0, 2.0), (1.0, 0.5), -1.0)
    assert plain.score(np.array([[3.0, 3.0]]))[0] == pytest.approx((3 + 0.5 - 1) / np.log(10))
