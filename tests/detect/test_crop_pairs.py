"""Networks learn from pairs that are handled alike, and every draw follows from its seed."""

from dataclasses import replace

import pytest

from artaudit.datasets import manifest
from artaudit.detect import crop_pairs, feature_table
from artaudit.errors import UsageError


def test_pairs_are_cut_alike_and_follow_from_the_seed(drawings):
    rows = list(manifest.read(drawings / "manifest.csv"))
    opened = crop_pairs.opener(drawings)
    first, made = crop_pairs.CropPairs(rows, opened, 64, 3, seed=1)(5, 0)
    again, _ = crop_pairs.CropPairs(rows, opened, 64, 3, seed=1)(5, 0)
    other, _ = crop_pairs.CropPairs(rows, opened, 64, 3, seed=1)(6, 0)
    assert first.shape == (6, 64, 64, 3)
    assert made.tolist() == [False, True] * 3
    assert (first == again).all()
    assert (first != other).any()
    twins = [replace(row, pair="7") for row in rows[:2]]
    twins[1] = replace(twins[1], path=twins[0].path)
    crops, _ = crop_pairs.CropPairs(twins, opened, 64, 2, seed=0)(0, 0)
    assert (crops[0] == crops[1]).all()
    with pytest.raises(UsageError, match="index the data again"):
        crop_pairs.CropPairs(rows, opened, 300, 2, seed=0)(0, 0)


def test_handlings_depend_on_the_path_and_the_seed_alone(drawings):
    (row,) = [row for row in manifest.read(drawings / "manifest.csv") if row.path == "3.png"]
    assert feature_table.handled(2, 0)(row) == feature_table.handled(2, 0)(row) != feature_table.handled(2, 1)(row)
