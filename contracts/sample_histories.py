"""Whole sample cases, chained as tickets does it: one that a team solves, one that goes to an outside body, a sealed one."""

from datetime import timedelta
from typing import Any

from contracts import identity, object_keys
from contracts.envelope import Event
from contracts.participants import Actor, ActorKind, Way
from contracts.sample_reports import (
    BODY,
    MUNICIPALITY,
    POTHOLE_REPORT,
    POTHOLE_SUBJECT,
    POTHOLE_TEXT,
    POTHOLE_TICKET,
    RECEIVED_AT,
    REPORTER,
    WATER_REPORT,
    WATER_SUBJECT,
    WATER_TICKET,
    photo_of,
)
from contracts.sample_tickets import (
    BODY_CONTACT,
    CLERK,
    MAIL_ID,
    REPORTER_ACTOR,
    REPORTER_CONTACT,
    ROUTER,
    SALT,
    SYSTEM,
    TEAM,
    TEAM_CONTACT,
    WATER_COMPANY,
    Step,
    assigned_snapshot,
    chained,
    decision,
    snapshot,
    ticket_event,
)
from contracts.tickets import (
    Change,
    Coordinates,
    Deadline,
    DeadlineKind,
    DeadlineState,
    Direction,
    Exchange,
    ExchangeState,
    FurtherMatter,
    Matching,
    Snapshot,
    TicketAssigned,
    TicketClassified,
    TicketCorrected,
    TicketData,
    TicketDeliveryUpdated,
    TicketExchangeUpdated,
    TicketMessageAdded,
    TicketNumbered,
    TicketOpened,
    TicketPersonal,
    TicketState,
    TicketStateChanged,
    Visibility,
)
from contracts.types import Channel, Confidentiality

OPENED_AT = RECEIVED_AT + timedelta(seconds=2)


def _step(kind: type[TicketData], after: Snapshot, at: timedelta, actor: Actor, **fields: Any) -> Step:
    return kind, {"after": after, "time": OPENED_AT + at, "actor": actor, **fields}


def _words(**fields: Any) -> TicketPersonal:
    return TicketPersonal(salt=SALT, **fields)


def _changed(field: str, before: str | None, after: str) -> list[Change]:
    return [Change(field=field, before=before, after=after)]


def pothole_history() -> list[Event[Any]]:
    """A case solved by a team: opened, classified, numbered, assigned, talked about, corrected, resolved."""
    return chained([*_pothole_opened(), *_pothole_talked_about(), *_pothole_solved()])


def _pothole_opened() -> list[Step]:
    at, after = timedelta(seconds=1), assigned_snapshot()
    content = {"subject": POTHOLE_SUBJECT, "text": POTHOLE_TEXT, "file_names": {"part-1": "vymol.jpg"}}
    place = "v Lipové ulici před číslem 12"
    further = [FurtherMatter(category="streetlight-out", text="Na rohu taky už týden nesvítí lampa.")]
    found = _words(
        matched_words=["výmol"],
        further=further,
        place_phrase=place,
        coordinates=Coordinates(latitude=49.9421, longitude=15.2683),
    )
    told = _words(contacts=REPORTER_CONTACT, subject=POTHOLE_SUBJECT, place_phrase=place, message_id=MAIL_ID)
    opened = _step(
        TicketOpened,
        snapshot(),
        timedelta(),
        REPORTER_ACTOR,
        confidentiality=Confidentiality.RESTRICTED,
        causationid=identity.event_id(POTHOLE_REPORT, "received"),
        report_id=POTHOLE_REPORT,
        participants=[REPORTER],
        parts=[photo_of(POTHOLE_REPORT)],
        personal=_words(contacts=REPORTER_CONTACT, message_id=MAIL_ID, **content),
    )
    classified = _step(
        TicketClassified,
        after,
        at,
        ROUTER,
        causationid=identity.event_id(POTHOLE_TICKET, "routing"),
        changes=_changed("category", None, "pothole"),
        decision=decision(),
        personal=found,
    )
    numbers = _changed("number", None, "2026-000123")
    numbered = _step(TicketNumbered, after, at, SYSTEM, participants=[REPORTER], changes=numbers, personal=told)
    assigned = _step(
        TicketAssigned,
        after,
        at,
        ROUTER,
        participants=[TEAM],
        parts=[photo_of(POTHOLE_REPORT)],
        changes=_changed("state", "opened", "assigned"),
        personal=_words(contacts=TEAM_CONTACT, place_phrase=place, **content),
    )
    return [opened, classified, numbered, assigned]


WORKING = {"state": TicketState.IN_PROGRESS, "messages": 3, "reports": 2}


def _pothole_talked_about() -> list[Step]:
    asked = _step(
        TicketMessageAdded,
        assigned_snapshot(state=TicketState.IN_PROGRESS, messages=2),
        timedelta(hours=3),
        CLERK,
        participants=[REPORTER],
        message_id=identity.event_id(POTHOLE_TICKET, "message-2"),
        direction=Direction.OUTBOUND,
        visibility=Visibility.PUBLIC,
        author=CLERK.id,
        matched=Matching.BY_HAND,
        personal=_words(contacts=REPORTER_CONTACT, text="Dobrý den, výmol opravíme do pátku.", message_id=MAIL_ID),
    )
    answered = _step(
        TicketMessageAdded,
        assigned_snapshot(**WORKING),
        timedelta(hours=9),
        REPORTER_ACTOR,
        participants=[TEAM],
        message_id=identity.event_id(POTHOLE_TICKET, "message-3"),
        direction=Direction.INBOUND,
        visibility=Visibility.PUBLIC,
        author=REPORTER.id,
        channel=Channel.EMAIL,
        matched=Matching.TOKEN,
        personal=_words(contacts=TEAM_CONTACT, text="Dobrý den, výmol je po dešti ještě větší."),
    )
    return [asked, answered]


def _pothole_solved() -> list[Step]:
    corrected = {**WORKING, "category": "sidewalk-defect"}
    resolved = assigned_snapshot(**{**corrected, "state": TicketState.RESOLVED})
    other = _changed("category", "pothole", "sidewalk-defect")
    words = _words(words="Výmol je na chodníku, ne v silnici.")
    category = _step(
        TicketCorrected,
        assigned_snapshot(**corrected),
        timedelta(hours=20),
        CLERK,
        reason="wrong-category",
        changes=other,
        personal=words,
    )
    repaired = _step(
        TicketStateChanged,
        resolved,
        timedelta(days=3),
        CLERK,
        previous=TicketState.IN_PROGRESS,
        reason="repaired",
        participants=[REPORTER],
        changes=_changed("state", "in_progress", "resolved"),
        personal=_words(contacts=REPORTER_CONTACT, words="Výmol jsme dnes opravili."),
    )
    returned = _step(
        TicketDeliveryUpdated,
        resolved,
        timedelta(days=3, minutes=1),
        SYSTEM,
        delivery_id=identity.delivery_id(identity.event_id(POTHOLE_TICKET, "8"), REPORTER.id, Way.EMAIL),
        recipient=REPORTER.id,
        outcome="refused",
        status="5.1.1",
    )
    return [category, repaired, returned]


def water_history() -> list[Event[Any]]:
    """A case that an outside body solves: opened, assigned to it, handed over, answered."""
    requested = Exchange(body="water-company", state=ExchangeState.REQUESTED)
    answered = Exchange(body="water-company", their_number="P-5512/2026", state=ExchangeState.ANSWERED)
    forwarded = assigned_snapshot(
        ticket_id=WATER_TICKET,
        number="2026-000124",
        state=TicketState.FORWARDED,
        category="water-supply",
        area="water",
        resolver=WATER_COMPANY,
        exchanges=[requested],
    )
    paused = Deadline(
        kind=DeadlineKind.SOLUTION,
        due=RECEIVED_AT + timedelta(days=2),
        state=DeadlineState.PAUSED,
        paused_since=RECEIVED_AT + timedelta(seconds=3),
        why="water-supply",
    )
    after_answer = forwarded.model_copy(update={"exchanges": [answered], "deadlines": [paused]})
    content = {"subject": WATER_SUBJECT, "text": "Od rána u nás v domě neteče voda."}
    at, later, body = timedelta(seconds=1), timedelta(hours=5), Actor(kind=ActorKind.BODY, id=BODY.id)
    opened = _step(
        TicketOpened,
        snapshot(ticket_id=WATER_TICKET),
        timedelta(),
        REPORTER_ACTOR,
        confidentiality=Confidentiality.RESTRICTED,
        report_id=WATER_REPORT,
        participants=[REPORTER],
        personal=_words(contacts=REPORTER_CONTACT, **content),
    )
    handed = _words(contacts=BODY_CONTACT, **content)
    return chained(
        [
            opened,
            _step(TicketAssigned, forwarded, at, ROUTER, participants=[BODY], personal=handed),
            _step(
                TicketExchangeUpdated, forwarded, at, ROUTER, participants=[BODY], exchange=requested, personal=handed
            ),
            _step(TicketExchangeUpdated, after_answer, later, body, exchange=answered),
        ]
    )


def sealed_opening() -> Event[TicketOpened]:
    """A case for named persons only: its content does not travel, only its place in the object store."""
    folder = object_keys.report_folder(MUNICIPALITY, RECEIVED_AT.date(), POTHOLE_REPORT)
    return ticket_event(
        TicketOpened,
        confidentiality=Confidentiality.SEALED,
        report_id=POTHOLE_REPORT,
        content_key=object_keys.text_key(folder),
        sealed=True,
    )
