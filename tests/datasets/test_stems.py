"""File names that differ by a number alone are seen, and cameras' and programs' numbering is not taken for one."""

import pytest

from artaudit.datasets.manifest import Row
from artaudit.datasets.splitting import leaks, split
from artaudit.datasets.stems import MOST, Names, grouped, stem


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cat-1.png", "cat"),
        ("deep/er/Cat_0002.PNG", "cat"),
        ("cat1.png", "cat"),
        ("cat (3).jpg", "cat"),
        ("panda-riding-bicycle-2.png", "panda-riding-bicycle"),
        ("00017-991234 panda riding bicycle.png", "panda-riding-bicycle"),
        ("cat seed 77.png", "cat-seed"),
        ("shard.tar::cat-1.png", "cat"),
        ("猫-1.png", "猫"),
        ("00001-123456.png", ""),
        ("17.png", ""),
        ("IMG_20230412_101512.jpg", ""),
        ("DSC0001.jpg", ""),
        ("image (2).png", ""),
        ("a1.png", ""),
        ("glide_0007.png", ""),
    ],
)
def test_a_name_says_what_is_left_without_numbers(name, said):
    assert stem(Row(name, "generated", generator="glide")) == said


def test_names_that_differ_by_a_number_share_a_group_wherever_they_lie():
    names = ("a/cat-1.png", "a/cat-2.png", "b/cat-1.png", "a/dog-1.png", "a/7.png")
    groups = {row.path: row.group for row in grouped(Row(name, "generated") for name in names)}
    assert groups["a/cat-1.png"] == groups["a/cat-2.png"] == groups["b/cat-1.png"] != ""
    assert groups["a/dog-1.png"] == groups["a/7.png"] == ""


def test_a_group_that_was_told_is_kept():
    first, second, third = grouped(
        [Row("cat-1.png", "real", group="mine"), Row("cat-2.png", "real"), Row("cat-3.png", "real")]
    )
    assert first.group == "mine"
    assert second.group == third.group == "name:cat"


def test_a_group_that_a_name_gave_before_takes_in_others_of_that_name():
    rows = [Row("cat-1.png", "real", group="name:cat"), Row("more/cat-2.png", "real"), Row("owl-1.png", "real")]
    assert [row.group for row in grouped(rows)] == ["name:cat", "name:cat", ""]
    assert grouped(rows[:1]) == rows[:1]


def test_a_long_series_is_numbered_through_and_stays_apart():
    rows = [Row(f"portraits/portrait-{number:03d}.jpg", "real") for number in range(MOST + 1)]
    names = Names(rows)
    assert names.series == {"portrait": MOST + 1}
    assert not names.shared
    apart = list(names.grouped(rows))
    assert len({row.group for row in apart}) == MOST + 1
    assert grouped(apart[:9]) == apart[:9]
    assert len(Names(rows[:MOST]).shared) == 1


@pytest.mark.parametrize("seed", range(5))
def test_no_split_parts_what_shares_a_name(seed):
    rows = [
        Row(f"{prompt}-{number}.png", "generated") for prompt in ("cat", "dog", "owl", "fox") for number in range(3)
    ]
    divided = split(rows, {"train": 0.5, "test": 0.5}, seed=seed)
    places = {row.path.partition("-")[0]: set() for row in divided}
    for row in divided:
        places[row.path.partition("-")[0]].add(row.split)
    assert all(len(splits) == 1 for splits in places.values())


def test_a_split_that_was_made_elsewhere_is_found_to_part_names():
    rows = [Row("cat-1.png", "generated", split="train"), Row("cat-2.png", "generated", split="test")]
    assert [str(leak) for leak in leaks(rows)] == ["group name:cat lies in the splits test, train"]
