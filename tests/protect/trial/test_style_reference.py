"""Similarities of the real image encoder for pictures that serve as style references."""

import numpy as np
import pytest

from artaudit.datasets.drawings import draw
from artaudit.image import read
from artaudit.protect.receipt import middle
from artaudit.protect.trial import uses
from artaudit.protect.trial.judges import CHANGED, CLEAN
from artaudit.protect.trial.style_reference import EDITS, MIDDLE, WHOLE, style_reference


@pytest.fixture
def pictures(clean, monkeypatch):
    monkeypatch.delenv("ARTAUDIT_BACKBONE")
    before = middle(read(clean))
    other = np.asarray(draw(np.random.default_rng(1)).convert("RGB").resize((128, 128)), dtype=np.float32) / 255
    noise = np.random.default_rng(2).normal(0, 0.01, before.shape)
    return {CLEAN: before, CHANGED: other, "white noise": (before + noise).clip(0, 1).astype(np.float32)}


def test_another_picture_is_found_unlike_and_a_little_noise_is_not(pictures):
    receipt = {"models": [{"name": "studio-sd1@0", "digest": "0"}]}
    record = style_reference(pictures, receipt)
    assert [row["edit"] for row in record["rows"]] == list(EDITS) and record["white_box"] is False
    assert all(row["cosine"] < 0.75 and row["noise"] > 0.9 for row in record["rows"])
    assert {row["view"] for row in record["rows"]} == {WHOLE}
    assert any("ViT-H" in limit for limit in record["said"])


def test_pictures_that_are_not_square_are_seen_in_two_ways(pictures):
    wide = {name: picture[:80] for name, picture in pictures.items()}
    record = style_reference(wide, None)
    assert [row["view"] for row in record["rows"]] == [WHOLE, MIDDLE] * len(EDITS)
    assert record["white_box"] is None and "may have been made against" in record["said"][0]


def test_a_cloak_of_this_tower_says_so(pictures):
    record = style_reference(pictures, {"models": [{"name": "clip-vit-b16@0", "digest": "0"}]})
    assert record["white_box"] is True and "this very tower" in record["said"][0]
    assert uses.style_reference(record).word != uses.PROTECTED


def test_without_the_tower_nothing_is_measured_and_why_is_said(pictures, monkeypatch):
    monkeypatch.setenv("ARTAUDIT_BACKBONE", "none")
    record = style_reference(pictures, None)
    assert record["rows"] == [] and "ARTAUDIT_BACKBONE" in record["why"]
