"""How a case begins: by a report from outside, or entered by a member of staff."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from contracts import identity
from contracts.envelope import Event
from contracts.participants import Contact, Participant, Role, Way
from contracts.reports import Automatic, InboundMessage
from contracts.tickets import TicketOpened
from contracts.types import Channel
from tickets.cases.case import Case, Cause, Change, Draft, Opening, Party
from tickets.cases.words import searchable

ROUTING_PATIENCE = timedelta(seconds=60)
"""So long a case waits for the router before the dispatcher gets it."""


def to_milliseconds(moment: datetime) -> datetime:
    """The database keeps milliseconds: a case must be the same before and after it was stored."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def from_report(report: Event[Any], maybe_belongs_to: Sequence[UUID], cause: Cause) -> Change:
    """The case that a report opens, whatever came: what nobody understands goes to the dispatcher, never into the void."""
    data: InboundMessage = report.data
    sender = data.sender.model_copy(
        update={"role": Role.REPORTER, "automatic": data.sender.automatic or data.automatic != Automatic.NO}
    )
    reporter = Party(participant=sender, contact=data.personal.sender)
    opening = Opening(
        report_id=data.report_id,
        subject=data.personal.subject,
        text=data.personal.text or None,
        content_key=data.text_key,
        original_key=data.original.key,
        message_id=data.personal.message_id,
        automatic=data.automatic,
        parts=data.parts,
        file_names=data.personal.file_names,
        photo_places=data.personal.photo_places,
    )
    case = _opened(
        identity.ticket_id(data.report_id),
        report.municipality,
        data.channel,
        data.received_at,
        opening,
        [reporter],
        cause,
        language=data.language,
        reports=1,
        maybe_belongs_to=list(maybe_belongs_to),
    )
    apart = {"quote": data.personal.quote, "signature": data.personal.signature}
    return case, [_draft(case, cause, apart)]


@dataclass(frozen=True)
class Entry:
    """What a member of staff enters for somebody who called, came or wrote a letter."""

    subject: str | None
    text: str
    channel: Channel
    received_at: datetime
    reporter: Contact = field(default_factory=Contact)
    place_phrase: str | None = None
    language: str = "cs"
    entered_by: str | None = None
    """Code of the member of staff."""


def entered(ticket_id: UUID, municipality: str, entry: Entry, reporter_id: str, cause: Cause) -> Change:
    """The case that a member of staff enters; `reporter_id` is the pseudonym of whoever it is for."""
    way = Way.EMAIL if entry.reporter.address else Way.NONE
    participant = Participant(id=reporter_id, role=Role.REPORTER, way=way, language=entry.language)
    case = _opened(
        ticket_id,
        municipality,
        entry.channel,
        entry.received_at,
        Opening(subject=entry.subject, text=entry.text),
        [Party(participant=participant, contact=entry.reporter)],
        cause,
        language=entry.language,
        place_phrase=entry.place_phrase,
        entered_by=entry.entered_by,
    )
    return case, [_draft(case, cause, {"place_phrase": entry.place_phrase})]


def part_of(case: Case, text: str, ticket_id: UUID, cause: Cause) -> Change:
    """A case about a part of what another one was told with: the same reporters, the same time of receipt."""
    part = _opened(
        ticket_id,
        case.municipality,
        case.channel,
        case.received_at,
        Opening(subject=case.opening.subject, text=text, message_id=case.opening.message_id),
        list(case.reporters),
        cause,
        language=case.language,
        entered_by=cause.actor.id,
    )
    return part, [_draft(part, cause, {})]


def _opened(
    ticket_id: UUID,
    municipality: str,
    channel: Channel,
    received_at: datetime,
    opening: Opening,
    parties: list[Party],
    cause: Cause,
    **fields: Any,
) -> Case:
    contacts = [party.contact for party in parties]
    return Case(
        id=ticket_id,
        municipality=municipality,
        channel=channel,
        received_at=to_milliseconds(received_at),
        opened_at=cause.at,
        updated_at=cause.at,
        route_by=cause.at + ROUTING_PATIENCE,
        messages=1,
        opening=opening,
        parties=parties,
        reply_to=opening.message_id,
        words=searchable(
            [opening.subject, *(contact.name for contact in contacts), fields.get("place_phrase"), opening.text],
            [contact.address for contact in contacts],
        ),
        **fields,
    )


def _draft(case: Case, cause: Cause, further: dict[str, Any]) -> Draft:
    opening = case.opening
    content = {
        "subject": opening.subject,
        "text": opening.text,
        "file_names": opening.file_names,
        "photo_places": opening.photo_places,
        "message_id": opening.message_id,
    }
    return Draft(
        TicketOpened,
        cause,
        concerned=case.reporters,
        personal={**content, **further},
        content_key=opening.content_key,
        original_key=opening.original_key,
        fields={"report_id": opening.report_id, "automatic": opening.automatic, "parts": opening.parts},
    )
