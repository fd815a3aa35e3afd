"""What becomes of text that strangers wrote before people see it."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artaudit.visible import json_text, visible, visible_line

SHOWING = {0x600, 0x601, 0x602, 0x603, 0x604, 0x605, 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
"""Format characters of Unicode that show: signs of Arabic, Syriac and Kaithi numbers."""
SHORTHAND = range(0x13430, 0x13440)
"""Those that arrange hieroglyphs."""


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\x1b]0;owned\x07", "[U+001B]]0;owned[U+0007]"),
        ("a\x1b[2Jb", "a[U+001B][2Jb"),
        ("gpj.\u202eexe", "gpj.[U+202E]exe"),
        ("pass\u200bword", "pass[U+200B]word"),
        ("\u200b" * 900, "[U+200B x900]"),
        ("\x9b31m", "[U+009B]31m"),
        ("lone \ud800", "lone [U+D800]"),
        ("line\r\nline\rover", "line\nline[U+000D]over"),
        ("tag\U000e0041", "tag[U+E0041]"),
    ],
)
def test_what_moves_hides_or_reorders_text_is_named(text, seen):
    assert visible(text) == seen


@pytest.mark.parametrize(
    "text", ["Æsop, 猫と月", "\u0645\u06cc\u200c\u062e", "👩\u200d🎨", "❤️", "שלום", "a\tb\nc", "e\u0301"]
)
def test_what_people_write_stays_as_it_is(text):
    assert visible(text) == text


def test_joiners_do_not_hide_in_latin_text():
    assert visible("pay\u200dpal") == "pay[U+200D]pal"


def test_every_format_and_control_character_of_unicode_is_named():
    for code in range(0x110000):
        unseen = unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs", "Zl", "Zp") and chr(code) not in "\n\t"
        if unseen and code not in SHOWING and code not in SHORTHAND:
            assert chr(code) not in visible(f"a{chr(code)}b"), hex(code)


@given(st.text())
def test_what_is_visible_stays_so_and_can_be_written(text):
    assert visible(visible(text)) == visible(text)
    visible(text).encode()


def test_a_line_is_one_and_short():
    assert visible_line("a\n  b\u2028c", 20) == "a b c"
    assert len(visible_line("x" * 10**6, 50)) == 50


@given(st.recursive(st.text() | st.none() | st.integers(), lambda inner: st.dictionaries(st.text(), inner)))
def test_json_loses_nothing_and_shows_everything(value):
    text = json_text(value)
    assert json.loads(text) == value
    assert visible(text.replace("\u200c", "").replace("\u200d", "")) == text
