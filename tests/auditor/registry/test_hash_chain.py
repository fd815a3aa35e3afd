"""Any change to any event of the log shows."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artaudit.auditor.registry.hash_chain import GENESIS, Event, broken_links, canonical, digest, link, payload_of

payloads = st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=3)


def chain(bodies: list[dict[str, object]]) -> list[Event]:
    events: list[Event] = []
    for number, body in enumerate(bodies, start=1):
        events.append(link(number, "2026-01-01", "kind", body, events[-1].hash if events else GENESIS))
    return events


@given(st.lists(payloads, max_size=6))
def test_an_untouched_chain_holds(bodies):
    assert broken_links(chain(bodies)) == []


@given(
    st.lists(payloads, min_size=1, max_size=6),
    st.data(),
    st.sampled_from(["seq", "at", "kind", "payload", "prev", "hash"]),
)
def test_any_change_of_any_field_shows(bodies, data, field):
    events = chain(bodies)
    place = data.draw(st.integers(0, len(events) - 1))
    old = getattr(events[place], field)
    new = {"seq": 77, "payload": {"forged": True}}.get(field, "f" * 64)
    events[place] = replace(events[place], **{field: new})
    assert (broken_links(events) == []) == (old == new)


@given(st.lists(payloads, min_size=2, max_size=6), st.data())
def test_a_missing_event_shows_unless_it_was_the_last(bodies, data):
    events = chain(bodies)
    place = data.draw(st.integers(0, len(events) - 2))
    del events[place]
    assert broken_links(events)


@given(st.lists(payloads, min_size=2, max_size=6), st.data())
def test_events_in_another_order_show(bodies, data):
    events = chain(bodies)
    first, second = data.draw(st.lists(st.integers(0, len(events) - 1), min_size=2, max_size=2, unique=True))
    events[first], events[second] = events[second], events[first]
    assert broken_links(events)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), anything, max_size=4))
def test_a_payload_comes_back_from_its_canonical_text(payload):
    assert payload_of(canonical(payload)) == payload


def test_stray_bytes_of_file_names_have_a_canonical_text_of_their_own():
    stray, spelt = {"path": "a\udcff"}, {"path": "a\\udcff"}
    assert payload_of(canonical(stray)) == stray
    assert digest(stray) != digest(spelt)


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        "null",
        '{"a": 1}',
        '{"b":1,"a":2}',
        '{"a":1,"a":1}',
        '{"a":NaN}',
        '{"a":1e999}',
        "[" * 100_000,
        json.dumps({"a": "é"}, separators=(",", ":")),
    ],
    ids=lambda text: text[:12],
)
def test_other_texts_are_no_payload(text):
    with pytest.raises(ValueError, match=r"payload|JSON|Expecting|compliant"):
        payload_of(text)
