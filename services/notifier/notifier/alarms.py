"""An alarm in, a delivery to each operator out. Where no operator is named (OPERATOR_EMAIL), the log alone has it."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from contracts.alarms import AlarmData
from contracts.envelope import Event, UnreadableEvent, parse_event
from contracts.identity import delivery_id, pseudonym
from contracts.participants import Role, Way
from contracts.registry import ALARMS
from kit.messages import Message
from kit.outcomes import DONE, DeadLetter, DependencyAway, Outcome
from notifier.addresses import lane_of
from notifier.audience import Mark
from notifier.deliveries import OLDEST_EVENT, Delivery, DeliveryPersonal
from notifier.keeping import DatabaseAway, DeliveryStore

_KNOWN = {event.event_type: event for event in ALARMS.events}
_ALL_TOWNS = ""

logger = logging.getLogger(__name__)


class AlarmHandler:
    """Handles batches of `alarms`; `wake` tells the sender that there is work."""

    def __init__(
        self,
        store: DeliveryStore,
        operators: Sequence[str],
        *,
        pseudonym_key: bytes,
        clock: Callable[[], datetime],
        wake: Callable[[], None],
    ) -> None:
        self._store, self._operators = store, operators
        self._pseudonym_key, self._clock, self._wake = pseudonym_key, clock, wake

    def __call__(self, messages: Sequence[Message]) -> list[Outcome]:
        """One outcome for each message. A repeat writes nothing new."""
        outcomes: list[Outcome] = []
        deliveries: list[Delivery] = []
        for message in messages:
            try:
                event = parse_event(message.value, _KNOWN)
            except UnreadableEvent as error:
                outcomes.append(DeadLetter("UnreadableEvent", str(error)))
                continue
            outcomes.append(DONE)
            logger.error("alarm", extra={"event_type": event.type, "reason": event.data.kind.value})
            deliveries += [self._delivery(event, operator) for operator in self._operators]
        now = self._clock()
        try:
            added = self._store.add([one for one in deliveries if one.happened_at + OLDEST_EVENT > now])
        except DatabaseAway:
            return [o if isinstance(o, DeadLetter) else DependencyAway("database") for o in outcomes]
        if added:
            self._wake()
        return outcomes

    def _delivery(self, event: Event[AlarmData], operator: str) -> Delivery:
        now = self._clock()
        recipient = pseudonym(self._pseudonym_key, _ALL_TOWNS, "email", operator)
        alarm = AlarmData.model_validate(event.data.model_dump())
        own: dict[str, Any] = {"alarm": alarm, "ticket_id": event.subject, "sequence": event.data.number}
        return Delivery(
            id=delivery_id(event.id, recipient, Way.EMAIL.value),
            event_id=event.id,
            municipality=event.municipality,
            confidentiality=event.confidentiality,
            happened_at=event.time,
            recipient=recipient,
            # The nearest of the roles: somebody of ours who has to see to something.
            role=Role.DISPATCHER,
            way=Way.EMAIL,
            from_pack=True,
            lane=lane_of(self._pseudonym_key, operator),
            template=event.type.replace(".", "_"),
            mark=Mark.GENERATED,
            created_at=now,
            first_due=now,
            due_at=now,
            personal=DeliveryPersonal(address=operator),
            **own,
        )
