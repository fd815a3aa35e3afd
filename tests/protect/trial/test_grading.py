"""The grades, as they were declared."""

import math
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from artaudit.protect.trial.grading import FAR_GAIN, NOISE_GAIN, RULES, Outcome, grade
from artaudit.protect.trial.judges import Reading

ORDER = {letter: place for place, letter in enumerate(RULES)}


def reading(gain: float, *, hold_out: bool = True) -> Reading:
    return Reading("judge", hold_out, gain, 1.0, "white noise", gain, gain, gain, 0.0)


def outcome(gain: float, *, everyday: bool = True, hold_out: bool = True, attack: str = "jpeg") -> Outcome:
    return Outcome(attack, 75.0, everyday, (reading(gain, hold_out=hold_out),))


def skipped(carried_out: Outcome) -> Outcome:
    return replace(carried_out, readings=(), why="it was not asked for")


def test_a_change_that_moves_no_further_than_noise_that_shows_as_much_is_f_whatever_else():
    assert grade(outcome(1.2), [outcome(3.0)], 0.1).letter == "F"
    assert grade(outcome(0.4), [], None).letter == "F"


def test_one_everyday_edit_that_undoes_it_makes_it_d_and_is_named_first():
    graded = grade(outcome(2.0), [outcome(1.5), outcome(1.1, attack="resize")], 0.1)
    assert graded.letter == "D" and "resize" in graded.because[0]


def test_one_everyday_edit_that_weakens_it_makes_it_c_and_is_named_first():
    graded = grade(outcome(2.0), [outcome(2.5), outcome(1.4, attack="resize")], 0.1)
    assert graded.letter == "C" and "resize 75" in graded.because[0] and "1.40" in graded.because[0]


def test_surviving_everyday_edits_is_b_and_purifiers_do_not_count_against_that():
    attacks = [outcome(1.5), outcome(0.9, everyday=False, attack="noise-denoise")]
    assert grade(outcome(2.0), attacks).letter == "B"
    assert grade(outcome(2.0), attacks, 0.5).letter == "B"


def test_only_a_low_recovery_in_the_worst_case_is_a():
    graded = grade(outcome(2.0), [outcome(1.5), outcome(0.9, everyday=False)], 0.49)
    assert graded.letter == "A" and "0.49" in graded.because[0]


def test_without_a_hold_out_it_is_said_first_that_the_judges_hardly_count_and_that_no_edit_undoes_it():
    graded = grade(outcome(9.0, hold_out=False), [outcome(8.0, hold_out=False)], 0.0)
    assert graded.letter == "C"
    assert graded.because[0].startswith("It was judged only by models that it may have been made against")
    assert "No everyday edit undoes it" in graded.because[0] and "8.00" in graded.because[0]
    undone = grade(outcome(9.0, hold_out=False), [outcome(1.0, hold_out=False)])
    assert undone.letter == "D" and "undoes" in undone.because[0]


def test_the_hold_out_alone_counts_where_there_is_one():
    both = Outcome("none", None, everyday=False, readings=(reading(5.0, hold_out=False), reading(1.1)))
    assert both.gain == 1.1 and grade(both, []).letter == "F"


GAINS = st.floats(0.1, 5.0)
DRAWN = st.lists(st.tuples(GAINS, st.booleans(), st.sampled_from(["jpeg", "blur"]), st.booleans()))
"""Of every attack: its gain, whether it is an everyday one, its name, whether it is left out."""
RECOVERIES = st.one_of(st.none(), st.floats(-0.5, 1.5))


def outcomes(drawn) -> list[Outcome]:
    return [outcome(gain, everyday=everyday, attack=name) for gain, everyday, name, _ in drawn]


def place(graded) -> int:
    return ORDER[graded.letter]


@given(GAINS, DRAWN, RECOVERIES)
def test_leaving_an_attack_out_never_makes_a_grade_better(untouched, drawn, recovery):
    attacks = outcomes(drawn)
    fewer = [skipped(attack) if out else attack for attack, (*_, out) in zip(attacks, drawn, strict=True)]
    whole = grade(outcome(untouched), attacks, recovery)
    assert place(grade(outcome(untouched), fewer, recovery)) >= place(whole)


@given(GAINS, DRAWN, RECOVERIES)
def test_without_a_mimic_or_a_hold_out_no_grade_is_better(untouched, drawn, recovery):
    attacks = outcomes(drawn)
    whole = grade(outcome(untouched), attacks, recovery)
    assert place(grade(outcome(untouched), attacks, None)) >= place(whole)
    unjudged = [replace(attack, readings=(reading(attack.gain, hold_out=False),)) for attack in attacks]
    lone = grade(outcome(untouched, hold_out=False), unjudged, recovery)
    assert place(lone) >= place(whole) and lone.letter not in "AB"


@given(GAINS, DRAWN, RECOVERIES)
def test_a_letter_says_what_its_rule_says(untouched, drawn, recovery):
    attacks = outcomes(drawn)
    everyday = [attack.gain for attack in attacks if attack.everyday]
    letter = grade(outcome(untouched), attacks, recovery).letter
    assert (letter == "F") == (untouched <= NOISE_GAIN)
    if letter in "ABC":
        assert everyday and min(everyday) > NOISE_GAIN
    if letter in "AB":
        assert min(everyday) >= FAR_GAIN


@given(GAINS, DRAWN, RECOVERIES)
def test_mimics_that_did_not_cover_all_never_give_an_a(untouched, drawn, recovery):
    lacking = "No mimic learned after these attacks: blur."
    graded = grade(outcome(untouched), outcomes(drawn), recovery, (lacking,))
    assert graded.letter != "A"
    if graded.letter == "B":
        assert lacking in graded.because
        assert not any("--mimicry" in reason for reason in graded.because)


@given(GAINS, DRAWN)
def test_an_a_needs_a_mimic_that_recovers_less_than_half(untouched, drawn):
    attacks = outcomes(drawn)
    assert all(grade(outcome(untouched), attacks, recovery).letter != "A" for recovery in (None, 0.5, math.inf))


@given(GAINS, DRAWN)
def test_what_survives_less_has_no_better_grade(untouched, drawn):
    attacks = outcomes(drawn)
    weaker = [replace(attack, readings=(reading(attack.gain / 2),)) for attack in attacks]
    assert place(grade(outcome(untouched), weaker)) >= place(grade(outcome(untouched), attacks))
