"""The envelope: what is read, what is refused, and that a refusal never tells the content."""

import copy
from collections.abc import Iterator
from datetime import UTC
from typing import Any, ClassVar

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.envelope import (
    MAXIMUM_EVENT_BYTES,
    Event,
    EventData,
    EventTooLarge,
    UnreadableEvent,
    new_event,
    parse_event,
)
from contracts.registry import EVENTS
from contracts.sample_reports import plain_personal, report_received
from contracts.samples import SAMPLES, routing_decided
from contracts.types import Confidentiality

CANARY = "kanarek-Lipova-12-obcan@example.test"
ALL = [(event_type, case) for event_type, cases in SAMPLES.items() for case in cases]
Document = dict[str, Any]


def document(event_type: str = "report.received", case: str = "pothole-with-photo") -> Document:
    loaded: Document = orjson.loads(SAMPLES[event_type][case]().to_bytes())
    return loaded


def refusal(value: object) -> str | None:
    """The text of the refusal, None where the value is read."""
    try:
        parse_event(value if isinstance(value, bytes) or value is None else orjson.dumps(value), EVENTS)
    except UnreadableEvent as refused:
        # A chained error would carry pydantic's own text into a log.
        chained = refused.__cause__ or (refused.__context__ if not refused.__suppress_context__ else None)
        return f"{refused} {chained or ''}".strip()
    return None


@pytest.mark.parametrize(("event_type", "case"), ALL)
def test_every_sample_survives_the_way_over_the_wire(event_type: str, case: str) -> None:
    event = SAMPLES[event_type][case]()
    value = event.to_bytes()
    assert parse_event(value, EVENTS) == event
    assert parse_event(value, EVENTS).to_bytes() == value


def test_what_is_not_an_event_is_refused() -> None:
    assert refusal(None) == refusal(b"") == refusal(b"\xff\xfe") == refusal(b"{") == "not JSON"
    assert refusal(b"[" * 100_000) == "not JSON"
    assert refusal([]) == refusal(1) == refusal("text") == "not a JSON object"


@pytest.mark.parametrize("event_type", ["nothing.known", "", None, 7, ["report.received"], {"a": 1}])
def test_an_unknown_type_is_refused(event_type: object) -> None:
    assert refusal({**document(), "type": event_type}) == "unknown event type"


@pytest.mark.parametrize("version", ["2.0", "10.0", "0.9", "11.0", "", "x", "2"])
def test_another_major_version_is_refused(version: str) -> None:
    assert refusal({**document(), "dataschema": f"urn:helpdesk:report.received:{version}"}) == (
        "report.received: unknown version"
    )


@pytest.mark.parametrize("schema", [None, 1, "report.received:1.0", "urn:helpdesk:exchange.received:1.0"])
def test_a_schema_of_another_type_is_refused(schema: object) -> None:
    assert refusal({**document(), "dataschema": schema}) == "report.received: no schema of this type named"


def test_a_newer_minor_version_is_read_without_what_is_new() -> None:
    newer = {**document(), "dataschema": "urn:helpdesk:report.received:1.7", "newattribute": 1}
    newer["data"]["new_field"] = {"anything": [1, 2]}
    newer["data"]["personal"]["new_words"] = "nová slova"
    event = parse_event(orjson.dumps(newer), EVENTS)
    assert event.data == report_received().data
    assert event.dataschema.endswith(":1.7")


@pytest.mark.parametrize("value", ["top-secret", "", None, 3, "OPEN"])
def test_an_unknown_confidentiality_is_sealed(value: object) -> None:
    event = parse_event(orjson.dumps({**document(), "confidentiality": value}), EVENTS)
    assert event.confidentiality is Confidentiality.SEALED


def test_a_missing_confidentiality_is_refused() -> None:
    without = document()
    del without["confidentiality"]
    assert refusal(without) == "report.received: confidentiality (missing)"


@pytest.mark.parametrize(
    ("event_type", "case", "attribute"),
    [("ticket.opened", "pothole", "sequence"), ("routing.decided", "pothole", "basedon")],
)
def test_an_event_without_the_attribute_that_its_readers_need_is_refused(
    event_type: str, case: str, attribute: str
) -> None:
    without = document(event_type, case)
    del without[attribute]
    assert refusal(without) == f"{event_type}: envelope (missing_attribute)"


def places(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in parts:
        yield (*place, step)
        yield from places(part, (*place, step))


def holder(value: Any, place: tuple[str | int, ...]) -> Any:
    for step in place[:-1]:
        value = value[step]
    return value


@pytest.mark.parametrize(("event_type", "case"), ALL)
@pytest.mark.parametrize("canary", [CANARY, [CANARY], {CANARY: CANARY}, {CANARY: {CANARY: [CANARY]}}])
def test_no_refusal_tells_the_content_of_any_field(event_type: str, case: str, canary: object) -> None:
    whole = document(event_type, case)
    for place in places(whole):
        broken = copy.deepcopy(whole)
        holder(broken, place)[place[-1]] = canary
        assert "kanarek" not in (refusal(broken) or ""), place


@pytest.mark.parametrize(("event_type", "case"), ALL)
def test_no_refusal_tells_the_name_of_a_field(event_type: str, case: str) -> None:
    whole = document(event_type, case)
    for place in places(whole):
        if isinstance(place[-1], str):
            broken = copy.deepcopy(whole)
            value = holder(broken, place).pop(place[-1])
            holder(broken, place)[CANARY] = value
            assert "kanarek" not in (refusal(broken) or ""), place


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=5,
)
odd_values = st.sampled_from(
    [
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-12-01T07:42:10",
        1e308,
        -(2**63),
        "\x00",
        "9" * 400,
    ]
)


@given(data=st.data(), chosen=st.sampled_from(ALL), value=json_values | odd_values)
def test_whatever_stands_in_a_field_the_event_is_read_or_refused(
    data: st.DataObject, chosen: tuple[str, str], value: object
) -> None:
    broken = document(*chosen)
    place = data.draw(st.sampled_from(list(places(broken))))
    holder(broken, place)[place[-1]] = value
    assert len(refusal(broken) or "") < 1000


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_utc_cannot_tell_is_refused(time: str) -> None:
    assert refusal({**document(), "time": time}) == "report.received: time (value_error)"


def test_times_are_told_in_utc() -> None:
    event = parse_event(orjson.dumps({**document(), "time": "2026-12-01T08:42:10+01:00"}), EVENTS)
    assert event.time.tzinfo is UTC
    assert b'"time":"2026-12-01T07:42:10Z"' in event.to_bytes()


def test_a_time_without_zone_is_refused() -> None:
    assert refusal({**document(), "time": "2026-12-01T08:42:10"}) == "report.received: time (timezone_aware)"


def text_for(size: int) -> Event[Any]:
    """A report whose event has exactly `size` bytes."""
    empty = len(report_received("Hluk", personal=plain_personal("Hluk", "")).to_bytes())
    return report_received("Hluk", personal=plain_personal("Hluk", "a" * (size - empty)))


def test_an_event_of_256_kilobytes_fits_and_a_byte_more_does_not() -> None:
    assert len(text_for(MAXIMUM_EVENT_BYTES).to_bytes()) == MAXIMUM_EVENT_BYTES
    with pytest.raises(EventTooLarge, match=r"report.received: 262145 bytes, allowed are 262144"):
        text_for(MAXIMUM_EVENT_BYTES + 1).to_bytes()


def test_the_limit_counts_bytes_not_letters() -> None:
    with pytest.raises(EventTooLarge):
        report_received("Hluk", personal=plain_personal("Hluk", "ř" * (MAXIMUM_EVENT_BYTES // 2))).to_bytes()


def test_what_is_unset_does_not_travel() -> None:
    value = orjson.loads(routing_decided(body=None).to_bytes())
    assert "body" not in value["data"]
    assert "sequence" not in value


def test_a_new_event_takes_type_and_schema_from_its_data() -> None:
    event = routing_decided()
    assert (event.type, event.dataschema) == ("routing.decided", "urn:helpdesk:routing.decided:1.1")


def test_an_event_cannot_be_made_without_its_attribute() -> None:
    made = routing_decided()
    with pytest.raises(ValueError, match="attribute of the envelope"):
        new_event(
            made.data,
            id=made.id,
            source=made.source,
            time=made.time,
            subject=made.subject,
            municipality=made.municipality,
            confidentiality=made.confidentiality,
        )


def test_events_cannot_be_changed() -> None:
    event = report_received()
    with pytest.raises(ValueError, match="frozen"):
        event.sequence = 2  # type: ignore[misc]


def test_the_registry_knows_each_event_by_its_own_type() -> None:
    class Unknown(EventData):
        event_type: ClassVar[str] = "nothing.known"

    assert {model.event_type for model in EVENTS.values()} == set(EVENTS)
    assert Unknown.event_type not in EVENTS
