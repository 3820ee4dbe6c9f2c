"""Which topic carries what: topics are made from this table, and tests fail on a topic or event that stands in no row."""

from dataclasses import dataclass, field
from datetime import timedelta

from contracts.alarms import AlarmEnded, AlarmRaised, AlarmRepeated
from contracts.envelope import EventData
from contracts.notifications import NotificationFailed, NotificationSent
from contracts.reports import DeliveryReported, ExchangeReceived, ReportReceived
from contracts.routing import RoutingDecided
from contracts.rulesets import ModelActivated, RulesetPublished
from contracts.tickets import (
    TicketAssigned,
    TicketClassified,
    TicketCorrected,
    TicketDeliveryUpdated,
    TicketExchangeUpdated,
    TicketMessageAdded,
    TicketNumbered,
    TicketOpened,
    TicketStateChanged,
)

PARTITIONS = 12
"""One count for all keyed topics, never changed: the same key is in the same partition of each."""


@dataclass(frozen=True)
class Topic:
    """One topic. `ordered`: after a dead letter a reader's later records of the same key follow it (P5)."""

    name: str
    key: str
    events: tuple[type[EventData], ...]
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    """Read in a consumer group, with dead letters."""
    ordered: bool
    followers: tuple[str, ...] = ()
    """Read it whole, without a group, before their first message; no dead letters."""
    compacted: bool = False
    partitions: int = PARTITIONS
    retention: timedelta | None = field(default=timedelta(days=29))

    def dead_letters(self, reader: str) -> str:
        """Name of the topic for what `reader` could not handle; it has the same partitions, so a key stays in its number."""
        return f"{self.name}.{reader}.dead"


REPORTS = Topic(
    name="reports",
    key="the sender's pseudonym, or the report's id where there is no sender",
    events=(ReportReceived, ExchangeReceived, DeliveryReported),
    writers=("intake-email",),
    readers=("tickets",),
    # One sender's broken record must not drag his later, valid reports with it.
    ordered=False,
)
TICKET_EVENTS = Topic(
    name="ticket-events",
    key="the ticket's id",
    events=(
        TicketOpened,
        TicketNumbered,
        TicketClassified,
        TicketCorrected,
        TicketAssigned,
        TicketStateChanged,
        TicketMessageAdded,
        TicketExchangeUpdated,
        TicketDeliveryUpdated,
    ),
    writers=("tickets",),
    readers=("router", "notifier"),
    ordered=True,
)
ROUTING = Topic(
    name="routing",
    key="the ticket's id",
    events=(RoutingDecided,),
    writers=("router",),
    readers=("tickets",),
    ordered=True,
)
NOTIFICATIONS = Topic(
    name="notifications",
    key="the ticket's id",
    events=(NotificationSent, NotificationFailed),
    writers=("notifier",),
    readers=("tickets",),
    ordered=True,
)
RULESETS = Topic(
    name="rulesets",
    key="the municipality, then the event's type: `lipovany/ruleset.published`",
    events=(RulesetPublished, ModelActivated),
    writers=("tickets",),
    readers=(),
    followers=("tickets", "router", "notifier"),
    ordered=False,
    compacted=True,
    partitions=1,
    retention=None,
)

ALARMS = Topic(
    name="alarms",
    key="the alarm's id",
    events=(AlarmRaised, AlarmRepeated, AlarmEnded),
    writers=("tickets",),
    readers=("notifier",),
    ordered=True,
)

TOPICS: tuple[Topic, ...] = (REPORTS, TICKET_EVENTS, ROUTING, NOTIFICATIONS, RULESETS, ALARMS)
EVENTS: dict[str, type[EventData]] = {event.event_type: event for topic in TOPICS for event in topic.events}


def topic_of(event: EventData) -> Topic:
    """The topic on which an event travels."""
    return next(topic for topic in TOPICS if type(event) in topic.events)
