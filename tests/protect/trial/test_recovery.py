"""Recovery: what the ratio, its interval and its worst case promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artaudit.protect.trial.recovery import recoveries

SEEDS, UNITS = 3, 24


def runs(mean: float, *, noise: float = 0.02, number: int = 0) -> np.ndarray:
    return mean + noise * np.random.default_rng(number).standard_normal((SEEDS, UNITS))


def found(arms: dict[str, np.ndarray], *, base: float = 1.0, clean: float = 0.8, groups=None, attempts=None):
    return recoveries(
        np.full((SEEDS, UNITS), base),
        runs(clean, number=1),
        arms,
        attempts=attempts or list(arms),
        groups=range(UNITS) if groups is None else groups,
        seed=0,
    )


@given(st.floats(-0.5, 1.5))
@settings(max_examples=10, deadline=None)
def test_recovery_is_one_for_clean_pictures_nothing_for_none_and_even_between(share):
    got = found({"arm": runs(1 - 0.2 * share, number=2)})
    arm = got.arms["arm"]
    assert got.learned and arm.value == pytest.approx(share, abs=0.1)
    assert arm.low <= arm.value <= arm.high


@given(st.lists(st.floats(0.7, 1.1), min_size=1, max_size=5))
@settings(max_examples=10, deadline=None)
def test_the_worst_case_is_no_better_than_any_attempt_and_never_shrinks_with_more(means):
    arms = {f"attack {number}": runs(mean, number=number + 3) for number, mean in enumerate(means)}
    got = found(arms)
    assert got.worst.value == max(interval.value for interval in got.arms.values()) == got.arms[got.best].value
    assert got.worst.high >= max(interval.high for interval in got.arms.values())
    fewer = found(arms, attempts=list(arms)[:1])
    assert fewer.worst.high <= got.worst.high


def test_a_mimic_that_learned_no_more_than_chance_says_nothing_about_any_arm():
    for clean in (1.0, 1.2):
        got = found({"arm": runs(0.5)}, clean=clean)
        assert not got.learned and got.worst is None and not got.arms


def test_what_is_no_attempt_of_the_attacker_does_not_count_as_the_worst():
    got = found({"clean": runs(0.8), "cloaked": runs(0.95, number=5)}, attempts=["cloaked"])
    assert got.best == "cloaked" and got.worst.value < 0.5 < got.arms["clean"].value


def test_crops_of_few_pictures_count_for_less():
    values = np.repeat(np.random.default_rng(8).normal(0.9, 0.05, 4), UNITS // 4)[None].repeat(SEEDS, axis=0)
    alone, together = (
        found({"arm": values}, groups=groups).arms["arm"] for groups in (None, [number // 6 for number in range(UNITS)])
    )
    assert together.high - together.low > alone.high - alone.low


def test_where_some_draws_of_the_clean_mimic_learn_nothing_recovery_has_no_upper_end():
    clean = np.full((1, 40), 0.99)
    clean[0, :3] = 1.1
    got = recoveries(
        np.ones((1, 40)), clean, {"arm": np.full((1, 40), 0.995)}, attempts=["arm"], groups=range(40), seed=0
    )
    assert not got.learned or got.arms["arm"].high >= got.arms["arm"].value
