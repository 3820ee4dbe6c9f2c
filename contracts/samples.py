"""All samples: event type -> case -> builder. They become the committed examples, and any service's test may use them.

The builders themselves are in `sample_reports.py`, `sample_tickets.py` and `sample_histories.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from contracts import identity, object_keys
from contracts.alarms import AlarmData, AlarmEnded, AlarmItem, AlarmKind, AlarmRaised, AlarmRepeated
from contracts.envelope import Event, EventData, new_event
from contracts.notifications import NotificationFailed, NotificationSent
from contracts.participants import Role, Way
from contracts.routing import RoutingDecided, RoutingPersonal
from contracts.rulesets import ModelActivated, Ruleset, RulesetPublished
from contracts.sample_histories import pothole_history, sealed_opening, water_history
from contracts.sample_reports import (
    BODY,
    MODEL_DIGEST,
    MUNICIPALITY,
    PACK_DIGEST,
    POTHOLE_TICKET,
    RECEIVED_AT,
    REPORTER,
    broken_message,
    delivery_reported,
    exchange_received,
    follow_up,
    forged_token,
    long_text,
    machine_mail,
    report_received,
)
from contracts.sample_tickets import decision
from contracts.tickets import FurtherMatter
from contracts.types import Confidentiality, Kind, Priority

Data = TypeVar("Data", bound=EventData)
Alarms = TypeVar("Alarms", bound=AlarmData)
Rules = TypeVar("Rules", bound=Ruleset)
Case = Callable[[], Event[Any]]


def routing_decided(**changes: Any) -> Event[RoutingDecided]:
    """The router's decision on the opened pothole; `changes` replace fields of its data."""
    fields: dict[str, Any] = {
        "ticket_id": POTHOLE_TICKET,
        "category": "pothole",
        "area": "roads",
        "kind": Kind.FAULT,
        "priority": Priority.P2,
        "urgent": False,
        "team": "streets",
        "confidentiality": Confidentiality.OPEN,
        "language": "cs",
        "district": "stred",
        "candidates": decision().candidates,
        "decided": True,
        "reasons": decision().reasons,
        "pack": PACK_DIGEST,
        "personal": RoutingPersonal(
            place_phrase="v Lipové ulici před číslem 12",
            matched_words=["výmol"],
            further=[FurtherMatter(category="streetlight-out", text="Na rohu taky už týden nesvítí lampa.")],
        ),
    }
    opened = identity.event_id(POTHOLE_TICKET, "1")
    return new_event(
        RoutingDecided(**{**fields, **changes}),
        id=identity.event_id(opened, "routed"),
        source="/router",
        time=RECEIVED_AT + timedelta(seconds=2, milliseconds=40),
        subject=POTHOLE_TICKET,
        municipality=MUNICIPALITY,
        confidentiality=Confidentiality.RESTRICTED,
        causationid=opened,
        basedon=1,
    )


def _undecided() -> Event[RoutingDecided]:
    return routing_decided(category="unclear", area="special", decided=False, reasons=[], personal=RoutingPersonal())


def _set_aside() -> Event[RoutingDecided]:
    return routing_decided(category="spam", area="special", kind=Kind.SPAM, set_aside=True, reasons=["automatic"])


def _to_body() -> Event[RoutingDecided]:
    return routing_decided(category="water-supply", area="water", team="environment", body="water-company")


def _notification(kind: type[Data], **changes: Any) -> Event[Data]:
    numbered = identity.event_id(POTHOLE_TICKET, "3")
    delivery = identity.delivery_id(numbered, REPORTER.id, Way.EMAIL)
    fields: dict[str, Any] = {
        "ticket_id": POTHOLE_TICKET,
        "delivery_id": delivery,
        "event_id": numbered,
        "recipient": REPORTER.id,
        "role": Role.REPORTER,
        "way": Way.EMAIL,
        "template": "acknowledgement",
        "attempts": 1,
        "at": RECEIVED_AT + timedelta(seconds=4),
    }
    return new_event(
        kind(**{**fields, **changes}),
        id=identity.event_id(delivery, kind.event_type),
        source="/notifier",
        time=RECEIVED_AT + timedelta(seconds=4),
        subject=POTHOLE_TICKET,
        municipality=MUNICIPALITY,
        confidentiality=Confidentiality.OPEN,
        causationid=numbered,
    )


def notification_sent(**changes: Any) -> Event[NotificationSent]:
    """The acknowledgement went out."""
    return _notification(NotificationSent, **changes)


def notification_failed(**changes: Any) -> Event[NotificationFailed]:
    """The acknowledgement was refused for good."""
    return _notification(NotificationFailed, **{"reason": "refused", "status": "5.1.1", **changes})


def _sent_after_failure() -> Event[NotificationSent]:
    return notification_sent(after_failure=True)


def _sent_to_body() -> Event[NotificationSent]:
    return notification_sent(recipient=BODY.id, role=Role.BODY, body="water-company", template="body_request")


def _alarm(
    event: type[Alarms],
    number: int,
    kind: AlarmKind = AlarmKind.ORIGINALS_WITHOUT_OUTCOME,
    items: Sequence[AlarmItem] = (AlarmItem(what="email", day="2026-11-24", count=3),),
) -> Event[Alarms]:
    alarm = identity.alarm_id(MUNICIPALITY, kind, RECEIVED_AT)
    return new_event(
        event(kind=kind, raised_at=RECEIVED_AT, number=number, items=list(items)),
        id=identity.event_id(alarm, str(number)),
        source="/tickets",
        time=RECEIVED_AT + timedelta(days=number - 1),
        subject=alarm,
        municipality=MUNICIPALITY,
        confidentiality=Confidentiality.OPEN,
    )


def _ruleset(kind: type[Rules], digest: str, label: str) -> Event[Rules]:
    published = identity.event_id(POTHOLE_TICKET, digest)
    return new_event(
        kind(digest=digest, object_key=object_keys.ruleset_key(MUNICIPALITY, digest), label=label),
        id=published,
        source="/tickets",
        time=RECEIVED_AT - timedelta(days=20),
        subject=published,
        municipality=MUNICIPALITY,
        confidentiality=Confidentiality.OPEN,
    )


def ruleset_published(digest: str = PACK_DIGEST) -> Event[RulesetPublished]:
    """The pack of Lipovany holds from now on."""
    return _ruleset(RulesetPublished, digest, "2026.1")


def _of_history(history: Callable[[], list[Event[Any]]], sequence: int) -> Case:
    return lambda: history()[sequence - 1]


SAMPLES: Mapping[str, Mapping[str, Case]] = {
    "report.received": {
        "pothole-with-photo": report_received,
        "follow-up": follow_up,
        "forged-token": forged_token,
        "long-text": long_text,
        "machine-mail": machine_mail,
        "broken-message": broken_message,
    },
    "exchange.received": {"water-company-answers": exchange_received},
    "delivery.reported": {"mailbox-unknown": delivery_reported},
    "ticket.opened": {"pothole": _of_history(pothole_history, 1), "sealed": sealed_opening},
    "ticket.classified": {"pothole": _of_history(pothole_history, 2)},
    "ticket.numbered": {"pothole": _of_history(pothole_history, 3)},
    "ticket.assigned": {"to-a-team": _of_history(pothole_history, 4), "to-a-body": _of_history(water_history, 2)},
    "ticket.message_added": {
        "clerk-answers": _of_history(pothole_history, 5),
        "reporter-writes-again": _of_history(pothole_history, 6),
    },
    "ticket.corrected": {"other-category": _of_history(pothole_history, 7)},
    "ticket.state_changed": {"resolved": _of_history(pothole_history, 8)},
    "ticket.delivery_updated": {"refused": _of_history(pothole_history, 9)},
    "ticket.exchange_updated": {
        "requested": _of_history(water_history, 3),
        "answered": _of_history(water_history, 4),
    },
    "routing.decided": {
        "pothole": routing_decided,
        "undecided": _undecided,
        "set-aside": _set_aside,
        "to-a-body": _to_body,
    },
    "notification.sent": {
        "acknowledgement": notification_sent,
        "to-a-body": _sent_to_body,
        "after-a-failure": _sent_after_failure,
    },
    "notification.failed": {"refused": notification_failed},
    "alarm.raised": {
        "missing": lambda: _alarm(AlarmRaised, 1),
        "dead-letters": lambda: _alarm(
            AlarmRaised,
            1,
            kind=AlarmKind.DEAD_LETTERS,
            items=[AlarmItem(what="ticket-events.notifier.dead", count=2)],
        ),
    },
    "alarm.repeated": {"missing": lambda: _alarm(AlarmRepeated, 2)},
    "alarm.ended": {"missing": lambda: _alarm(AlarmEnded, 3)},
    "ruleset.published": {"pack": ruleset_published},
    "model.activated": {"model": lambda: _ruleset(ModelActivated, MODEL_DIGEST, "2026-11-11")},
}
