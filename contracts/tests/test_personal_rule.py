"""Nothing that could hold words of or about a person stands outside `data.personal`."""

from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import BaseModel, Field

from contracts.envelope import EventData
from contracts.generate import defined_events, schema_of
from contracts.personal_rule import free_text, is_closed
from contracts.tickets import Coordinates, TicketPersonal
from contracts.types import Code, Instant, Kind, Language, MediaType, ObjectKey, Pseudonym, Sha256, Traceparent


@pytest.mark.parametrize("model", defined_events(), ids=lambda model: model.event_type)
def test_no_event_has_room_for_words_outside_its_personal_part(model: type[EventData]) -> None:
    assert free_text(schema_of(model)) == []


class Named(BaseModel):
    """A part with a plain text."""

    name: str


class Node(BaseModel):
    """A part that holds itself."""

    code: Code
    inner: "Node | None" = None
    words: str = ""


REFUSED: dict[str, tuple[Any, list[str]]] = {
    "a plain text": (str, ["data.field: free text"]),
    "an optional text": (str | None, ["data.field: free text"]),
    "a list of texts": (list[str], ["data.field[]: free text"]),
    "a text of bounded length": (Annotated[str, Field(max_length=20)], ["data.field: free text"]),
    "a pattern for anything": (Annotated[str, Field(pattern=".*")], ["data.field: free text"]),
    "a pattern that is not anchored": (Annotated[str, Field(pattern="[a-z]{1,3}")], ["data.field: free text"]),
    "a code or a text": (Code | str, ["data.field: free text"]),
    "a map with free keys": (dict[str, int], ["data.field: may hold anything", "data.field: free keys"]),
    "a map of texts": (dict[Code, str], ["data.field.*: free text"]),
    "a map of anything": (dict[str, Any], ["data.field: may hold anything", "data.field: free keys"]),
    "anything": (Any, ["data.field: may hold anything"]),
    "a list of anything": (list[Any], ["data.field[]: may hold anything"]),
    "an address of the web": (Annotated[str, Field(json_schema_extra={"format": "uri"})], ["data.field: free text"]),
    "a text in a part": (Named, ["data.field.name: free text"]),
    "a text in a list of parts": (list[Named], ["data.field[].name: free text"]),
    "a text in a part that holds itself": (Node, ["data.field.words: free text"]),
    "bytes": (bytes, ["data.field: free text"]),
    "a place on the map": (Coordinates, ["data.field: a personal model outside data.personal"]),
}


def event_with(kind: Any) -> dict[str, Any]:
    """Schema of an event whose data has a field of this kind, made by the models' own generator."""
    fields = {"__annotations__": {"field": kind}, "__module__": __name__, "event_type": "tests.happened"}
    return schema_of(type("Happened", (EventData,), fields))


@pytest.mark.parametrize("kind", REFUSED)
def test_what_has_room_for_words_is_refused_with_its_place(kind: str) -> None:
    annotation, places = REFUSED[kind]
    assert free_text(event_with(annotation)) == places


@pytest.mark.parametrize(
    "kind",
    [
        Code,
        Sha256,
        Pseudonym,
        ObjectKey,
        MediaType,
        Language,
        Traceparent,
        Instant,
        UUID,
        Kind,
        int,
        float,
        bool,
        Code | None,
        list[Code],
        dict[Pseudonym, int],
        Pseudonym | Code,
    ],
)
def test_codes_ids_enums_numbers_and_times_are_allowed(kind: Any) -> None:
    assert free_text(event_with(kind)) == []


def test_the_personal_part_may_hold_words_at_its_own_place_only() -> None:
    def with_personal(place: str) -> list[str]:
        fields = {"__annotations__": {place: TicketPersonal}, "__module__": __name__, "event_type": "tests.happened"}
        return free_text(schema_of(type("Happened", (EventData,), fields)))

    assert with_personal("personal") == []
    assert "data.other.text: free text" in with_personal("other")


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        ".*",
        "^.*$",
        "^.{1,9}$",
        r"^\w{3}$",
        r"^\S{3}$",
        "^[^x]{3}$",
        "^a b$",
        "^[a-z ]{3}$",
        "^[a-z]+$",
        "^[a-z]*$",
        "^[a-z]{3,}$",
        "^[á-ž]{3}$",
        "^a@b$",
        "[a-z]{3}",
        "^[a-z]{3}",
        "[a-z]{3}$",
        r"^[\s]{3}$",
        "^a$|b c",
        r"^\d{3}\n$",
    ],
)
def test_an_open_pattern_is_no_pattern(pattern: str) -> None:
    assert not is_closed(pattern)


@pytest.mark.parametrize(
    "pattern",
    ["^[a-z0-9][a-z0-9._-]{0,63}$", r"^urn:helpdesk:[a-z_.]{1,60}:[0-9]{1,3}\.[0-9]{1,3}$", "^(?:[a-z]{2}|[0-9]{4})?$"],
)
def test_a_closed_pattern_is_one(pattern: str) -> None:
    assert is_closed(pattern)
