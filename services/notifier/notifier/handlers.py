"""A ticket event in, delivery records out. What becomes of them is the sender's work, so that nobody's mail server stops the reader."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.envelope import Event, UnreadableEvent, parse_event
from contracts.registry import TICKET_EVENTS
from kit.messages import Message
from kit.outcomes import DONE, DeadLetter, DependencyAway, Outcome
from notifier.audience import hearings
from notifier.deliveries import Delivery, deliveries_of
from notifier.keeping import DatabaseAway, DeliveryStore

_KNOWN = {event.event_type: event for event in TICKET_EVENTS.events}

logger = logging.getLogger(__name__)


class TicketEventHandler:
    """Handles batches of `ticket-events`; `wake` tells the sender that there is work."""

    def __init__(
        self, store: DeliveryStore, *, pseudonym_key: bytes, clock: Callable[[], datetime], wake: Callable[[], None]
    ) -> None:
        self._store, self._pseudonym_key, self._clock, self._wake = store, pseudonym_key, clock, wake

    def __call__(self, messages: Sequence[Message]) -> list[Outcome]:
        """One outcome for each message. All records of a batch are written at once; a repeat writes nothing new."""
        now = self._clock()
        outcomes: list[Outcome] = []
        deliveries: list[Delivery] = []
        taken_back: set[UUID] = set()
        for message in messages:
            event = _read(message)
            if isinstance(event, DeadLetter):
                outcomes.append(event)
                continue
            outcomes.append(DONE)
            deliveries += deliveries_of(event, hearings(event), now, pseudonym_key=self._pseudonym_key)
            if event.data.reverses is not None:
                taken_back.add(event.data.reverses)
        try:
            added = self._store.add(deliveries)
            cancelled = self._store.cancel(taken_back, now)
        except DatabaseAway:
            return [o if isinstance(o, DeadLetter) else DependencyAway("database") for o in outcomes]
        if added:
            self._wake()
            logger.info("deliveries_recorded", extra={"count": added})
        if cancelled:
            logger.info("deliveries_cancelled", extra={"count": cancelled})
        return outcomes


def _read(message: Message) -> Event[Any] | DeadLetter:
    try:
        return parse_event(message.value, _KNOWN)
    except UnreadableEvent as error:
        return DeadLetter("UnreadableEvent", str(error))
