"""Any change to any event of the log shows."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from artaudit.auditor.chain import GENESIS, Event, broken_links, link

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
