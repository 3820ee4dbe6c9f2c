"""What became of a delivery, as the event that tells it. Pure."""

from typing import Any

from contracts.envelope import Event, new_event
from contracts.identity import event_id
from contracts.notifications import NotificationFailed, NotificationSent
from contracts.registry import NOTIFICATIONS
from kit.messages import Record
from kit.tracing import child_of
from notifier.deliveries import Delivery, State

SOURCE = "/notifier"


def outcome_of(delivery: Delivery) -> Event[Any]:
    """The event of a finished delivery. Its id is derived, so that telling it twice tells it once."""
    if delivery.finished_at is None:
        raise ValueError("the delivery is not finished")
    about: dict[str, Any] = {
        "ticket_id": delivery.ticket_id,
        "delivery_id": delivery.id,
        "event_id": delivery.event_id,
        "recipient": delivery.recipient,
        "role": delivery.role,
        "body": delivery.body,
        "way": delivery.way,
        "template": delivery.template,
        "attempts": delivery.attempts,
        "at": delivery.finished_at,
    }
    data: NotificationSent | NotificationFailed
    if delivery.state == State.FAILED:
        data = NotificationFailed(**about, reason=delivery.failure or "unknown", status=delivery.status)
    else:
        in_doubt = delivery.state == State.IN_DOUBT
        data = NotificationSent(**about, in_doubt=in_doubt, after_failure=delivery.retries > 0)
    # An operator's retry may end otherwise than the first try: another fact, another id.
    tried_again = f"-{delivery.retries}" if delivery.retries else ""
    return new_event(
        data,
        id=event_id(delivery.id, f"{data.event_type}{tried_again}"),
        source=SOURCE,
        time=delivery.finished_at,
        subject=delivery.ticket_id,
        municipality=delivery.municipality,
        confidentiality=delivery.confidentiality,
        causationid=delivery.event_id,
        traceparent=child_of(delivery.traceparent),
    )


def record_of(delivery: Delivery) -> Record:
    """The event as a record of its topic, keyed by the ticket."""
    return Record(NOTIFICATIONS.name, str(delivery.ticket_id).encode(), outcome_of(delivery).to_bytes())
