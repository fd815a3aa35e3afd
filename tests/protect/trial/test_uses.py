"""A trial's answers for an artist, use by use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artaudit.protect.trial import uses
from artaudit.protect.trial.grading import RULES, Grade, Outcome
from artaudit.protect.trial.judges import Reading
from artaudit.protect.visibility import Place

WORDS = [uses.NOT, uses.HARDLY, uses.PROTECTED]
SHARES = st.floats(-0.5, 1)


def outcome(gain: float, *, hold_out: bool = True, everyday: bool = True) -> Outcome:
    return Outcome("jpeg", 75.0, everyday, (Reading("judge", hold_out, 1.0, 1.0, "white noise", gain, 1.0, 1.0, 0.0),))


def seen(*pairs: tuple[float, float], white_box: bool | None = False) -> dict:
    rows = [
        {"edit": f"edit {number}", "view": "whole", "cosine": cosine, "noise": noise, "control": "white noise"}
        for number, (cosine, noise) in enumerate(pairs)
    ]
    return {"model": "clip@0", "rows": rows, "white_box": white_box, "said": ["caveat"], "why": ""}


def redrawn(gain: float, score: float) -> dict:
    return {"how": "encoded and decoded", "model": "studio", "gain": gain, "ssimulacra2": score}


def test_only_a_mimic_that_learned_less_makes_a_picture_protected_against_training():
    words = {
        letter: uses.fine_tuning(Grade(letter, ()), [outcome(2.0), outcome(1.6)], mimicked=True).word
        for letter in RULES
    }
    assert words == {"A": uses.PROTECTED, "B": uses.HARDLY, "C": uses.HARDLY, "D": uses.NOT, "F": uses.NOT}


def test_what_was_not_measured_and_who_did_not_judge_is_said():
    use = uses.fine_tuning(Grade("C", ()), [outcome(2.0, hold_out=False), outcome(1.6)], mimicked=False)
    assert "hardly counts" in use.limits[0] and "--mimicry" in use.limits[1]
    assert "2.00 times" in use.sentence and "jpeg 75" in use.sentence and "1.60 times" in use.sentence
    assert uses.fine_tuning(Grade("B", ()), [outcome(2.0), outcome(1.6)], mimicked=True).limits == ()


def test_a_style_reference_is_protected_where_the_tower_never_met_it_and_takes_it_for_another_picture_throughout():
    assert uses.style_reference(seen((0.1, 0.9), (0.4, 0.95))).word == uses.PROTECTED
    assert uses.style_reference(seen((0.1, 0.9), (0.7, 0.95))).word == uses.HARDLY
    assert uses.style_reference(seen((0.1, 0.9), (0.93, 0.95))).word == uses.NOT
    for white_box in (True, None):
        assert uses.style_reference(seen((0.1, 0.9), white_box=white_box)).word == uses.HARDLY


@given(st.lists(st.tuples(SHARES, SHARES), min_size=1), st.floats(0, 1))
def test_a_picture_that_is_more_like_its_original_is_never_protected_better(pairs, more):
    nearer = [(min(1, cosine + more), noise) for cosine, noise in pairs]
    before, after = (WORDS.index(uses.style_reference(seen(*some)).word) for some in (pairs, nearer))
    assert after <= before


def test_a_tower_that_is_off_measured_nothing():
    record = {"model": None, "rows": [], "white_box": None, "said": [], "why": "it is switched off"}
    use = uses.style_reference(record)
    assert use.word == uses.UNKNOWN and "switched off" in use.sentence


def test_redrawing_is_spoiled_where_it_shows_and_more_than_noise_spoils_it():
    assert uses.redrawing([redrawn(1.6, 40.0), redrawn(2.0, 30.0)]).word == uses.PROTECTED
    assert uses.redrawing([redrawn(1.6, 40.0), redrawn(2.0, 80.0)]).word == uses.HARDLY
    assert uses.redrawing([redrawn(1.3, 20.0)]).word == uses.HARDLY
    assert uses.redrawing([redrawn(1.2, 20.0), redrawn(9.0, 0.0)]).word == uses.NOT
    assert uses.redrawing([]).word == uses.UNKNOWN


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ((0.5, 0.5), ""),
        ((0.1, 0.9), "at the top right"),
        ((0.9, 0.5), "at the bottom"),
        ((0.4, 0.1), "on the left"),
        ((0.6, 0.5), "in the middle"),
    ],
)
def test_a_place_is_a_ninth_of_the_picture(place, words):
    assert uses.where(Place(50, *place)) == words


def test_what_hides_from_one_measure_costs_what_it_shows_by_the_other():
    shown = {"ssimulacra2": 85.0}
    assert "not told apart" in uses.cost_to_the_eye(shown, 85.0, Place(80, 0.5, 0.5)).lower()
    sentence = uses.cost_to_the_eye(shown, 72.0, Place(60.0, 0.1, 0.1))
    assert sentence.startswith("Seen beside the original") and "FLIP" in sentence and "72" in sentence
    assert "at the top left: there 60, seen, and slightly annoying" in sentence
