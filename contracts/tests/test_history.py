"""The history's chain: every change of what was stored is found, and a person can be forgotten all the same."""

import copy
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.history import canonical, first_broken_link, personal_digest
from contracts.sample_histories import pothole_history, sealed_opening, water_history

Document = dict[str, Any]
POTHOLE: list[Document] = [orjson.loads(event.to_bytes()) for event in pothole_history()]
# The trace belongs to the transport; a republished event has another one.
OUTSIDE_THE_CHAIN = ("traceparent",)


def history() -> list[Document]:
    return copy.deepcopy(POTHOLE)


def leaves(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Places of all fields, the empty ones too."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in parts:
        yield (*place, step)
        yield from leaves(part, (*place, step))


def at(document: Any, place: tuple[str | int, ...]) -> Any:
    for step in place:
        document = document[step]
    return document


PLACES = [
    (number, place)
    for number, event in enumerate(POTHOLE)
    for place in leaves(event)
    if place[0] not in OUTSIDE_THE_CHAIN and place != ("data", "personal")
]


def test_whole_histories_verify() -> None:
    for events in (pothole_history(), water_history(), [sealed_opening()]):
        assert first_broken_link([orjson.loads(event.to_bytes()) for event in events]) is None


def test_a_history_without_events_verifies() -> None:
    assert first_broken_link([]) is None


@pytest.mark.parametrize("other", ["other", 17, None, True, [], {}])
def test_any_single_field_that_is_replaced_is_found(other: object) -> None:
    for number, place in PLACES:
        events = history()
        before = at(events[number], place)
        if type(before) is type(other) and before == other:
            continue
        at(events[number], place[:-1])[place[-1]] = other
        assert first_broken_link(events) == number + 1, place


def test_any_single_field_that_is_taken_away_is_found() -> None:
    for number, place in PLACES:
        events = history()
        del at(events[number], place[:-1])[place[-1]]
        assert first_broken_link(events) == number + 1, place


@given(number=st.integers(0, len(POTHOLE) - 1), name=st.text(min_size=1, max_size=8), value=st.none() | st.text())
def test_any_added_field_is_found(number: int, name: str, value: str | None) -> None:
    for place in ((), ("data",), ("data", "after"), ("data", "chain"), ("data", "personal")):
        events = history()
        target = at(events[number], place)
        new_name = f"{name}-added"
        target[new_name] = value
        assert first_broken_link(events) == number + 1


def test_a_missing_a_doubled_and_a_moved_event_are_found() -> None:
    missing, doubled, moved = history(), history(), history()
    del missing[3]
    doubled.insert(3, doubled[2])
    moved[3], moved[4] = moved[4], moved[3]
    assert first_broken_link(missing) == 4
    assert first_broken_link(doubled) == 4
    assert first_broken_link(moved) == 4


def test_an_event_of_another_ticket_is_found() -> None:
    events = history()
    events[1] = orjson.loads(water_history()[1].to_bytes())
    assert first_broken_link(events) == 2


def test_a_history_with_a_forgotten_person_verifies() -> None:
    events = history()
    for event in events:
        del event["data"]["personal"]
    assert first_broken_link(events) is None


def test_a_forgotten_part_cannot_be_put_back_with_other_words() -> None:
    events = history()
    forgotten = events[4]["data"].pop("personal")
    assert first_broken_link(events) is None
    events[4]["data"]["personal"] = {**forgotten, "text": "Něco jiného."}
    assert first_broken_link(events) == 5


def test_the_order_of_fields_does_not_matter() -> None:
    events = [dict(reversed(event.items())) for event in history()]
    assert first_broken_link(events) is None


def test_the_trace_may_change() -> None:
    events = history()
    events[2]["traceparent"] = "00-" + "1" * 32 + "-" + "2" * 16 + "-01"
    assert first_broken_link(events) is None


def test_the_same_words_with_another_salt_have_another_digest() -> None:
    assert personal_digest({"salt": "1", "text": "Ano"}) != personal_digest({"salt": "2", "text": "Ano"})


@pytest.mark.parametrize("personal", [{}, {"text": "Ano"}, {"salt": "", "text": "Ano"}])
def test_a_personal_part_without_salt_has_no_digest(personal: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="no salt"):
        personal_digest(personal)


def test_the_canonical_form_is_frozen() -> None:
    assert canonical({"b": [1, 1.5, None, True], "a": "řeka"}) == '{"a":"řeka","b":[1,1.5,null,true]}'.encode()
