"""A batch of messages in one transaction, whatever they are about.

Decoding comes first, so that an unreadable message goes to the dead letters alone. What cannot be written together is
tried one by one, so that a single message that the database refuses does not drag the others with it.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from contracts.envelope import Event, EventData, UnreadableEvent, parse_event
from contracts.participants import Actor
from contracts.registry import Topic
from kit.messages import Message
from kit.outcomes import DONE, DeadLetter, DependencyAway, Outcome
from kit.tracing import child_of
from tickets.cases import opening
from tickets.cases.batch import Batch
from tickets.cases.case import Case, Cause
from tickets.cases.keeping import DatabaseAway, Store, Unit
from tickets.cases.town import Town

DATABASE = "mongodb"
NO_SUCH_CASE = DeadLetter("NoSuchCase", "a message about a case that is not here")

logger = logging.getLogger(__name__)

Towns = Callable[[str], Town]
Clock = Callable[[], datetime]
Refusals = dict[UUID, Outcome]
"""By event id."""


def now() -> datetime:
    """The present moment, as finely as it is stored."""
    return opening.to_milliseconds(datetime.now(UTC))


class BatchHandler(ABC):
    """Decodes a batch, hands the events to `work` in one transaction, and says what became of each message."""

    topic: Topic

    def __init__(
        self, store: Store, towns: Towns, clock: Clock = now, after: Callable[[], None] = lambda: None
    ) -> None:
        self._store, self._towns, self._clock = store, towns, clock
        self._after = after
        self._known: dict[str, type[EventData]] = {event.event_type: event for event in self.topic.events}

    def __call__(self, messages: Sequence[Message]) -> list[Outcome]:
        """One outcome for each message, in order."""
        outcomes: list[Outcome] = [DONE] * len(messages)
        events: list[tuple[int, Event[Any]]] = []
        for index, message in enumerate(messages):
            try:
                events.append((index, parse_event(message.value, self._known)))
            except UnreadableEvent as error:
                outcomes[index] = DeadLetter("UnreadableEvent", str(error))
        for index, outcome in zip([index for index, _ in events], self._written([e for _, e in events]), strict=True):
            outcomes[index] = outcome
        return outcomes

    @abstractmethod
    def work(self, batch: Batch, events: Sequence[Event[Any]]) -> Refusals:
        """Applies the events to the batch's cases; returns those that it cannot apply, now or later."""

    def _written(self, events: Sequence[Event[Any]]) -> list[Outcome]:
        if not events:
            return []
        try:
            refused = self._write(events)
        except DatabaseAway:
            return [DependencyAway(DATABASE)] * len(events)
        except Exception as error:
            if len(events) > 1:
                logger.warning("batch_divided", extra={"count": len(events), "error": type(error).__name__})
                return self._one_by_one(events)
            logger.exception("message_refused", extra=_ids(events[0]))
            return [DeadLetter(type(error).__name__, f"{events[0].type}: cannot be applied or stored")]
        self._after()
        for event in events:
            logger.info("event_handled", extra=_ids(event))
        return [refused.get(event.id, DONE) for event in events]

    def _one_by_one(self, events: Sequence[Event[Any]]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for event in events:
            away = outcomes and isinstance(outcomes[-1], DependencyAway)
            outcomes += [outcomes[-1]] if away else self._written([event])
        return outcomes

    def _write(self, events: Sequence[Event[Any]]) -> Refusals:
        def work(unit: Unit) -> Refusals:
            batch = Batch(unit)
            refused = self.work(batch, events)
            batch.finish(self._clock())
            return refused

        return self._store.transaction(work)

    def _cause(self, actor: Actor, event: Event[Any]) -> Cause:
        return Cause(actor=actor, at=self._clock(), id=event.id, traceparent=child_of(event.traceparent))


class CaseEventsHandler(BatchHandler):
    """Events that name their case; each is applied once."""

    def work(self, batch: Batch, events: Sequence[Event[Any]]) -> Refusals:
        """Refuses those whose case is not here."""
        telling = [event for event in events if self.tells_something(event)]
        seen = batch.unit.handled({event.id for event in telling}) if telling else set()
        fresh = {event.id: event for event in telling if event.id not in seen}
        batch.load({event.data.ticket_id for event in fresh.values()})
        refused: Refusals = {}
        for event in fresh.values():
            case = batch.case(event.data.ticket_id)
            if case is None or case.municipality != event.municipality:
                refused[event.id] = NO_SUCH_CASE
                continue
            self.apply(batch, case, event)
            batch.handled(event.id)
        return refused

    def tells_something(self, event: Event[Any]) -> bool:
        """Whether anything is written because of it."""
        return True

    @abstractmethod
    def apply(self, batch: Batch, case: Case, event: Event[Any]) -> None:
        """Changes the case."""


def _ids(event: Event[Any]) -> dict[str, Any]:
    ids = {"event_id": event.id, "event_type": event.type, "municipality": event.municipality}
    named = {name: getattr(event.data, name, None) for name in ("report_id", "ticket_id")}
    return {**ids, **{name: value for name, value in named.items() if value is not None}}
