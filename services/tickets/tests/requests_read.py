"""What holds of every request to the staff API, whatever stands in it: for the fuzzer and for what it found."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import bson
from pydantic import BaseModel, ValidationError

from tickets.cases.opening import to_milliseconds
from tickets.cases.words import searched
from tickets.staff.models import (
    Incoming,
    ListQuery,
    NewAssignment,
    NewClassification,
    NewMessage,
    NewSplit,
    NewState,
    NewTicket,
    PageQuery,
)
from tickets.staff.queries import CursorRefused, _after, _kind, _sequence

MODELS: tuple[type[Incoming], ...] = (
    NewTicket, NewMessage, NewAssignment, NewClassification, NewState, ListQuery, PageQuery, NewSplit,
)  # fmt: skip
_GOOD: tuple[Any, ...] = (
    "phone", "public", "internal", "team", "person", "body", "roads.pothole", "2026-000123", "2026-11-24T10:00:00+01:00",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "cs", "obcan@example.test", "fault", "p2", "open", "sealed",
    "new", "solved", "due", "WyJuZXdlc3QiLDEsIjBiN2IwYzM2M2YwZDVkMzQ5ZDRjMGI4YTViNGQyZDExIl0", "WzFd", "\ud800", "\0", "",
    True, None, 1, 1e308, float("nan"), 10**40, [], {},
)  # fmt: skip


class _Choices:
    """Bytes read as a row of choices, so that the fuzzer's changes make other requests rather than broken JSON."""

    def __init__(self, content: bytes) -> None:
        self._content, self._position = content, 0

    def number(self, below: int) -> int:
        chosen = self._content[self._position] if self._position < len(self._content) else 0
        self._position += 1
        return chosen % below

    def words(self) -> str:
        length = self.number(64)
        taken = self._content[self._position : self._position + length]
        self._position += length
        return taken.decode("utf-8", "surrogateescape") if self.number(8) == 7 else taken.decode("utf-8", "replace")

    def value(self) -> object:
        kind = self.number(8)
        if kind < 4:
            return _GOOD[self.number(len(_GOOD))]
        if kind == 4:
            return f"{_GOOD[self.number(len(_GOOD))]}{self.words()}"
        if kind == 5:
            return self.words() * (1 + 400 * self.number(2))
        return self.number(256) - 128 if kind == 6 else [self.words()]


def check_any_request(content: bytes) -> None:
    """Makes of bytes a request for one of the models. Raises where it is neither refused nor can be handled."""
    choices = _Choices(content)
    model = MODELS[choices.number(len(MODELS))]
    check(model, _given(model, choices))


def _given(model: type[BaseModel], choices: _Choices) -> dict[str, object]:
    given: dict[str, object] = {}
    for name, field in model.model_fields.items():
        choice = choices.number(4)
        inner = next(
            (one for one in (field.annotation, *getattr(field.annotation, "__args__", ())) if _is_model(one)), None
        )
        if choice == 0 and not field.is_required():
            continue
        given[name] = _given(inner, choices) if inner is not None and choice != 1 else choices.value()
    if choices.number(16) == 15:
        given[choices.words()] = choices.value()
    return given


def _is_model(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def check(model: type[Incoming], given: object) -> None:
    """What is let in can be stored, sent on, and asked for."""
    try:
        made = model.model_validate(given)
    except ValidationError as error:
        error.errors(include_url=False, include_context=False, include_input=False)
        return
    made.model_dump_json()
    bson.encode(made.model_dump(mode="json"))
    if isinstance(made, NewTicket) and made.received_at is not None:
        assert isinstance(to_milliseconds(made.received_at) <= datetime.now(UTC), bool)  # what the desk asks first
    if isinstance(made, ListQuery):
        searched(made.q or "")
        _read_or_refused(lambda: _after(made.cursor, _kind(made), "opened_at", -1))
    if isinstance(made, PageQuery):
        _read_or_refused(lambda: _sequence(made.cursor))


def _read_or_refused(read: Callable[[], object]) -> None:
    try:
        read()
    except CursorRefused:
        return
