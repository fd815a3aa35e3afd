"""No cell is a formula, numbers stay numbers, and guarding is undone exactly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artaudit.spreadsheets import guarded, unguarded


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1"])
def test_a_text_that_begins_like_a_formula_gets_an_apostrophe(text):
    assert guarded({"title": text}) == {"title": f"'{text}"}


def test_numbers_and_other_texts_stay():
    row = {"score": -1.5, "title": "a=b", "year": None, "quoted": "'tis", "there": True}
    assert guarded(row) == unguarded(row) == row


@given(st.text(st.sampled_from("'=+-@\t\r\na1"), max_size=6))
def test_what_was_guarded_comes_back(text):
    assert unguarded(guarded({"cell": text})) == {"cell": text}
