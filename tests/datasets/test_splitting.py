"""Splits never divide what belongs together, whatever the rows."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from artaudit.datasets.components import components
from artaudit.datasets.manifest import Row
from artaudit.datasets.splitting import COLUMNS, leaks, split
from artaudit.errors import UsageError

NAMES = st.sampled_from(["", "", "", "a", "b", "c", "d", "e"])
SHARES = st.dictionaries(st.sampled_from(["train", "val", "test"]), st.floats(0.1, 1), min_size=1)


@st.composite
def data_sets(draw) -> list[Row]:
    count = draw(st.integers(3, 30))
    words = dict.fromkeys((*COLUMNS, "sha256"), NAMES)
    told = st.fixed_dictionaries({"label": st.sampled_from(["real", "generated"]), **words})
    return [Row(path=f"{number}.png", **draw(told)) for number in range(count)]


def tried(rows, shares, **settings) -> list[Row]:
    try:
        return split(rows, shares, **settings)
    except UsageError:
        reject()


@settings(max_examples=100, deadline=None)
@given(rows=data_sets(), shares=SHARES, by=st.sets(st.sampled_from(COLUMNS)), seed=st.integers(0, 99))
def test_no_value_that_is_kept_together_lies_in_two_splits(rows, shares, by, seed):
    divided = tried(rows, shares, by=sorted(by), seed=seed)
    assert [row.path for row in divided] == [row.path for row in rows]
    assert {row.split for row in divided} == set(shares)
    for column in {"pair", "group", "sha256", *by}:
        places = defaultdict(set)
        for row in divided:
            places[getattr(row, column)].add(row.split)
        assert all(len(splits) == 1 for value, splits in places.items() if value), column
    assert not leaks(divided)


@settings(max_examples=50, deadline=None)
@given(rows=data_sets(), shares=SHARES, seed=st.integers(0, 99), order=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows, shares, seed, order):
    once = {row.path: row.split for row in tried(rows, shares, seed=seed)}
    shuffled = list(rows)
    order.shuffle(shuffled)
    assert {row.path: row.split for row in split(shuffled, shares, seed=seed)} == once


@settings(max_examples=50, deadline=None)
@given(sizes=st.lists(st.integers(1, 6), min_size=12, max_size=40), seed=st.integers(0, 99))
def test_shares_are_missed_by_less_than_the_largest_group(sizes, seed):
    rows = [Row(f"{g}-{n}.png", "real", group=f"g{g}") for g, size in enumerate(sizes) for n in range(size)]
    counts = Counter(row.split for row in split(rows, {"train": 0.7, "test": 0.3}, seed=seed))
    assert abs(counts["train"] - 0.7 * len(rows)) <= max(sizes)


def test_every_label_and_generator_gets_its_share():
    kinds = [("real", ""), ("generated", "x"), ("generated", "y")]
    rows = [
        Row(f"{number}-{place}.png", label, generator)
        for number in range(50)
        for place, (label, generator) in enumerate(kinds)
    ]
    counts = Counter((row.split, row.generator) for row in split(rows, {"train": 0.8, "test": 0.2}, seed=1))
    assert all(counts["train", generator] == 40 for _, generator in kinds)


def test_another_seed_draws_another_split():
    rows = [Row(f"{number}.png", "real") for number in range(60)]
    first, second = (split(rows, {"train": 0.5, "test": 0.5}, seed=seed) for seed in (1, 2))
    assert first != second


def test_what_hangs_together_through_others_is_one_part():
    rows = [
        Row("a", "real", group="1", pair="x"),
        Row("b", "real", pair="x", sha256="s"),
        Row("c", "real", sha256="s"),
        Row("d", "real", group="2"),
        Row("e", "real"),
    ]
    numbers = components(rows)
    assert len(np.unique(numbers)) == 3
    assert numbers[0] == numbers[1] == numbers[2]


def test_too_few_parts_are_refused():
    rows = [Row(f"{number}.png", "real", source="one") for number in range(9)]
    with pytest.raises(UsageError, match="hang together in 1 parts"):
        split(rows, {"train": 0.5, "test": 0.5}, by=("source",))


@pytest.mark.parametrize("shares", [{}, {"train": 0.0, "test": 1.0}, {"": 1.0}])
def test_wrong_shares_are_refused(shares):
    with pytest.raises(UsageError, match="--share"):
        split([Row("a.png", "real")], shares)


def test_leaks_name_pairs_and_groups_in_several_splits():
    rows = [
        Row("a", "real", group="g", split="train"),
        Row("b", "real", group="g", split="test"),
        Row("c", "real", pair="p", split="train"),
        Row("d", "generated", pair="p", split="train"),
        Row("e", "real", group="h"),
        Row("f", "real", group="h", split="test"),
    ]
    [leak] = leaks(rows)
    assert str(leak) == "group g lies in the splits test, train"
