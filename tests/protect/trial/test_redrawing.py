"""How much a change spoils the redrawing of a picture, beside noise."""

import pytest

from artaudit.image import read
from artaudit.protect.effect import WHITE, noisy
from artaudit.protect.receipt import middle
from artaudit.protect.trial.judges import CHANGED, CLEAN
from artaudit.protect.trial.redrawing import redrawings
from artaudit.protect.trial.run import tools_at_hand
from artaudit.protect.trial.survival import Tools


@pytest.fixture
def pictures(clean):
    before = middle(read(clean))
    quiet, loud = (noisy(before, (levels / 255) ** 2, sigma=0.0, seed=1) for levels in (2, 8))
    return {CLEAN: before, CHANGED: loud, WHITE: quiet}


@pytest.mark.usefixtures("house")
def test_what_changes_a_picture_more_spoils_its_redrawing_more(pictures):
    rows = redrawings(pictures, tools_at_hand(), seed=3)
    assert [row["how"] for row in rows] == ["encoded and decoded", "redrawn from 30% of the noise"]
    for row in rows:
        assert row["gain"] > 1.2 and row["ssimulacra2"] < row["noise_ssimulacra2"] < 100
        assert row["control"] == WHITE
    assert rows == redrawings(pictures, tools_at_hand(), seed=3)


def test_an_attacker_without_models_redraws_nothing(pictures):
    assert redrawings(pictures, Tools(), seed=1) == []
