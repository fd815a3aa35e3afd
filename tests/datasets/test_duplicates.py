"""Copies across splits and labels are found; pairs and copies that do no harm are not."""

import io

import numpy as np
from PIL import Image as Pillow

from artaudit.datasets.drawings import draw
from artaudit.datasets.duplicates import NearCopies, exact
from artaudit.datasets.manifest import Row


def drawn(seed: int) -> Pillow.Image:
    return draw(np.random.default_rng(seed)).resize((128, 128))


def again(picture: Pillow.Image, quality: int = 60) -> np.ndarray:
    buffer = io.BytesIO()
    picture.resize((100, 100)).save(buffer, "JPEG", quality=quality)
    return np.asarray(Pillow.open(buffer))


def near(*pictures: tuple[Row, np.ndarray]):
    copies = NearCopies()
    for row, pixels in pictures:
        copies.add(row, pixels)
    return copies.found()


def test_equal_bytes_in_two_splits_or_under_two_labels_are_found():
    rows = [
        Row("a", "real", split="train", sha256="1"),
        Row("b", "real", split="train", sha256="1"),
        Row("c", "real", split="test", sha256="1"),
        Row("d", "generated", split="train", sha256="1"),
        Row("e", "real", sha256="1"),
        Row("f", "real", split="test", sha256="2"),
        Row("g", "real", split="train", sha256=""),
        Row("h", "generated", split="test", sha256=""),
    ]
    found = [(copy.path, copy.earlier, copy.conflict) for copy in exact(rows)]
    assert found == [("c", "a", "split"), ("d", "a", "label"), ("e", "d", "label")]
    assert "byte for byte" in str(exact(rows)[0])


def test_a_copy_saved_smaller_and_worse_in_another_split_is_found():
    [found] = near(
        (Row("a", "real", split="train", sha256="1"), np.asarray(drawn(5))),
        (Row("b", "real", split="train", sha256="2"), np.asarray(drawn(7))),
        (Row("c", "real", split="test", sha256="3"), again(drawn(5))),
    )
    assert (found.path, found.earlier, found.conflict) == ("c", "a", "split")
    assert 0 <= found.distance <= 31 and "bits differ" in str(found)


def test_a_near_copy_under_the_other_label_is_found_unless_it_is_the_pair():
    original, copy = np.asarray(drawn(5)), again(drawn(5))
    assert near((Row("a", "real"), original), (Row("b", "generated", sha256="2"), copy))
    assert not near((Row("a", "real", pair="p"), original), (Row("b", "generated", pair="p", sha256="2"), copy))


def test_copies_within_a_split_other_pictures_and_flat_ones_do_no_harm():
    flat = np.full((100, 100, 3), 200, np.uint8)
    assert not near()
    assert not near(
        (Row("a", "real", split="train", sha256="1"), np.asarray(drawn(5))),
        (Row("b", "real", split="train", sha256="2"), again(drawn(5))),
        (Row("c", "real", split="test", sha256="3"), np.asarray(drawn(7))),
        (Row("d", "real", split="train", sha256="4"), flat),
        (Row("e", "real", split="test", sha256="5"), flat),
    )


def test_the_conflict_is_found_behind_a_nearer_harmless_copy():
    found = near(
        (Row("a", "real", split="test", sha256="1"), np.asarray(drawn(5))),
        (Row("b", "real", split="train", sha256="2"), again(drawn(5))),
        (Row("c", "real", split="train", sha256="3"), again(drawn(5))),
    )
    assert [(copy.path, copy.earlier) for copy in found] == [("b", "a"), ("c", "a")]
