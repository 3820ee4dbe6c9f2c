"""The envelope: CloudEvents 1.0, structured JSON in the record's value.

Source of the attributes: CloudEvents specification 1.0.2 and its Partitioning, Sequence and Distributed Tracing extensions.
`sequence` is an integer here (the extension proposes a string) because readers compare it: decision 0004.
"""

from datetime import datetime
from functools import cache
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar
from uuid import UUID

import orjson
from pydantic import Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from contracts.types import Code, Confidentiality, Instant, Model, Traceparent

MAXIMUM_EVENT_BYTES = 256 * 1024
SCHEMA_PREFIX = "urn:helpdesk:"


class EventData(Model):
    """Base of every event's `data`; the class names the event's type and the version of its schema."""

    event_type: ClassVar[str]
    version: ClassVar[str] = "1.0"
    attributes: ClassVar[tuple[str, ...]] = ()
    """Optional attributes of the envelope that this event must carry."""

    @classmethod
    def dataschema(cls) -> str:
        """The `dataschema` attribute: `urn:helpdesk:<type>:<major>.<minor>`."""
        return f"{SCHEMA_PREFIX}{cls.event_type}:{cls.version}"


Data = TypeVar("Data", bound=EventData)
DataSchema = Annotated[str, Field(pattern=r"^urn:helpdesk:[a-z_.]+:[0-9]+\.[0-9]+$")]


class Event(Model, Generic[Data]):
    """One fact. `id` is derived from its cause and purpose (identity.py), so a repeat has the same id."""

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    source: Annotated[str, Field(pattern=r"^/[a-z-]{1,40}$")]
    """The service that tells it, `/tickets`."""
    type: Annotated[str, Field(pattern=r"^[a-z]+\.[a-z_]+$")]
    time: Instant
    subject: UUID
    """The ticket's id, or the report's where there is no ticket yet."""
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: DataSchema
    municipality: Code
    confidentiality: Confidentiality
    causationid: UUID | None = None
    """The event or report that caused this one."""
    traceparent: Traceparent | None = None
    sequence: Annotated[int, Field(ge=1)] | None = None
    """1, 2, 3, … without a gap per ticket; ticket events only."""
    basedon: Annotated[int, Field(ge=1)] | None = None
    """The ticket's sequence on which a decision rests; `routing.decided` only."""
    data: Data

    @model_validator(mode="after")
    def _carries_its_attributes(self) -> "Event[Data]":
        missing = [name for name in self.data.attributes if getattr(self, name) is None]
        if missing:
            raise PydanticCustomError("missing_attribute", "an attribute of the envelope is missing")
        return self

    def to_bytes(self) -> bytes:
        """The record's value. Raises `EventTooLarge` above 256 KB, so that it is never stored either."""
        value = self.model_dump_json(exclude_none=True).encode()
        if len(value) > MAXIMUM_EVENT_BYTES:
            raise EventTooLarge(self.type, len(value))
        return value


class EventTooLarge(ValueError):
    """An event over 256 KB: longer text must go by reference."""

    def __init__(self, event_type: str, size: int) -> None:
        super().__init__(f"{event_type}: {size} bytes, allowed are {MAXIMUM_EVENT_BYTES}")


class UnreadableEvent(ValueError):
    """A record that is not an event of the contracts. The text is impersonal: type, place and kind of fault only."""


@cache
def _event_of(data: type[EventData]) -> type[Event[Any]]:
    """`Event[data]`, kept: pydantic holds such a class only weakly, and building it again costs milliseconds."""
    model: type[Event[Any]] = Event[data]  # type: ignore[valid-type]
    return model


def new_event(
    data: Data,
    *,
    id: UUID,
    source: str,
    time: datetime,
    subject: UUID,
    municipality: str,
    confidentiality: Confidentiality,
    causationid: UUID | None = None,
    traceparent: str | None = None,
    sequence: int | None = None,
    basedon: int | None = None,
) -> Event[Data]:
    """An event around `data`, with type and schema taken from the class of `data`."""
    event: Event[Data] = _event_of(type(data))(
        id=id,
        source=source,
        type=data.event_type,
        time=time,
        subject=subject,
        dataschema=data.dataschema(),
        municipality=municipality,
        confidentiality=confidentiality,
        causationid=causationid,
        traceparent=traceparent,
        sequence=sequence,
        basedon=basedon,
        data=data,
    )
    return event


def parse_event(value: bytes | None, known: dict[str, type[EventData]]) -> Event[Any]:
    """Reads a record's value.

    `known` maps event types to the classes of their data (registry.py). A newer minor version is read by ignoring what is
    new; another major version, an unknown type or a broken value raises `UnreadableEvent`, whose text holds no content.
    """
    try:
        document = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        raise UnreadableEvent("not JSON") from None
    if not isinstance(document, dict):
        raise UnreadableEvent("not a JSON object")
    event_type, schema = document.get("type"), document.get("dataschema")
    model = known.get(event_type) if isinstance(event_type, str) else None
    if model is None:
        raise UnreadableEvent("unknown event type")
    if not isinstance(schema, str) or not schema.startswith(f"{SCHEMA_PREFIX}{model.event_type}:"):
        raise UnreadableEvent(f"{model.event_type}: no schema of this type named")
    if schema.rpartition(":")[2].partition(".")[0] != model.version.partition(".")[0]:
        raise UnreadableEvent(f"{model.event_type}: unknown version")
    try:
        return _event_of(model).model_validate(document)
    except ValidationError as error:
        raise UnreadableEvent(f"{model.event_type}: {_faults(error)}") from None


def _faults(error: ValidationError) -> str:
    """Places and kinds of the first faults; dictionary keys inside the personal part may be personal, so it is not entered."""
    faults = []
    for fault in error.errors(include_input=False, include_url=False, include_context=False)[:5]:
        path = [str(step) for step in fault["loc"]]
        if "personal" in path:
            path = path[: path.index("personal") + 1]
        faults.append(f"{'.'.join(path)[:80] or 'envelope'} ({fault['type']})")
    return ", ".join(faults)
