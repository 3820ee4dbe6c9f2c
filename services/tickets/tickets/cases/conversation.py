"""What is said in a case, and what became of what the town sent."""

from typing import Any
from uuid import UUID

from contracts import identity
from contracts.participants import Way
from contracts.reports import Automatic, InboundMessage
from contracts.tickets import (
    Direction,
    ExchangeState,
    Matching,
    TicketDeliveryUpdated,
    TicketMessageAdded,
    TicketState,
    Visibility,
)
from contracts.types import Confidentiality
from tickets.cases.case import Case, Cause, Change, Draft, Party, changed
from tickets.cases.exchanges import moved_on
from tickets.cases.handing_over import solver_parties
from tickets.cases.lifecycle import REOPENED_WITHIN
from tickets.cases.progress import moved
from tickets.cases.town import Town
from tickets.cases.words import with_words

FAILED, IN_DOUBT, UNPROVEN, SENT = "failed", "in_doubt", "unproven", "sent"
_FAILURES_KNOWN = 100
_REQUEST = "body_request"
_WAKES = frozenset({*REOPENED_WITHIN, TicketState.WAITING_FOR_REPORTER})


def _told_of(data: InboundMessage, case: Case, town: Town) -> tuple[Party, ...]:
    """Nobody is mailed because a machine wrote."""
    return solver_parties(case, town) if data.automatic == Automatic.NO else ()


def said_by_reporter(case: Case, data: InboundMessage, town: Town, cause: Cause, certainty: float = 1.0) -> Change:
    """The reporter writes again; that ends our waiting for him, and reopens what was solved.

    A machine's word does neither, nor does one that is not surely his.
    """
    idle = data.automatic != Automatic.NO or certainty < 1
    after, draft = _received(
        case,
        data,
        cause,
        direction=Direction.INBOUND,
        visibility=Visibility.INTERNAL if idle else Visibility.PUBLIC,
        concerned=_told_of(data, case, town),
        certainty=certainty,
    )
    if idle:
        return after, [draft]
    after = changed(after, cause, reply_to=data.personal.message_id or after.reply_to)
    if case.state not in _WAKES:
        return after, [draft]
    after, drafts = moved(after, TicketState.IN_PROGRESS, town, cause, reason="reporter-wrote")
    return after, [draft, *drafts]


def noted_by_resolver(case: Case, data: InboundMessage, town: Town, cause: Cause) -> Change:
    """Who solves it answers to the task: an internal note, not told to whoever wrote it."""
    told = _told_of(data, case, town)
    others = tuple(party for party in told if party.participant.id != data.sender.id)
    after, draft = _received(
        case, data, cause, direction=Direction.INTERNAL, visibility=Visibility.INTERNAL, concerned=others
    )
    return after, [draft]


def answered_by_body(case: Case, data: InboundMessage, town: Town, cause: Cause) -> Change:
    """An outside body answers. What the reporter is told of it is for the town's team to say."""
    after, draft = _received(
        case,
        data,
        cause,
        direction=Direction.INBOUND,
        visibility=Visibility.INTERNAL,
        concerned=_told_of(data, case, town),
    )
    code = _body_of(case, data.sender.id, town)
    if code is None or data.automatic != Automatic.NO:
        return after, [draft]
    after, answered = moved_on(after, code, ExchangeState.ANSWERED, cause)
    return after, [draft, *answered]


def written_by_staff(case: Case, text: str, visibility: Visibility, author: str, town: Town, cause: Cause) -> Change:
    """A member of staff answers the reporter, or leaves a note for who solves it."""
    public = visibility == Visibility.PUBLIC
    concerned = case.reporters if public else solver_parties(case, town)
    number = case.messages + 1
    personal: dict[str, Any] = {"text": text, "subject": case.opening.subject}
    if public:
        personal["message_id"] = case.reply_to
    draft = Draft(
        TicketMessageAdded,
        cause,
        concerned=concerned,
        personal=personal,
        fields={
            "message_id": identity.event_id(case.id, f"message-{number}"),
            "direction": Direction.OUTBOUND if public else Direction.INTERNAL,
            "visibility": visibility,
            "author": author,
            "matched": Matching.BY_HAND,
        },
    )
    return changed(case, cause, messages=number, words=with_words(case.words, text)), [draft]


def delivery_updated(
    case: Case,
    town: Town,
    cause: Cause,
    *,
    outcome: str,
    delivery_id: UUID | None = None,
    recipient: str | None = None,
    body: str | None = None,
    template: str | None = None,
    reason: str | None = None,
    status: str | None = None,
) -> Change:
    """Shows on the case what became of a message that the town sent; a failed one is for the dispatcher to see to."""
    told_before = delivery_id is not None and delivery_id in case.failed_deliveries
    news = outcome == FAILED and not told_before
    # Of a sealed case not even the dispatcher hears.
    sealed = case.confidentiality == Confidentiality.SEALED
    attentive = town.attentive_party(case.team if sealed else None) if news else None
    concerned = () if attentive is None or attentive.participant.id == recipient else (attentive,)
    draft = Draft(
        TicketDeliveryUpdated,
        cause,
        concerned=concerned,
        reason=reason,
        fields={"delivery_id": delivery_id, "recipient": recipient, "outcome": outcome, "status": status},
    )
    failed = [one for one in case.failed_deliveries if one != delivery_id or outcome not in (SENT, IN_DOUBT)]
    if news and delivery_id is not None:
        failed.append(delivery_id)
    after, drafts = changed(case, cause, failed_deliveries=failed[-_FAILURES_KNOWN:]), [draft]
    if body is None and recipient is not None:
        body = _body_of(case, recipient, town)
    if body is not None and news and template in (None, _REQUEST):
        after, failing = moved_on(after, body, ExchangeState.FAILED, cause)
        drafts += failing
    return after, drafts


def is_our_delivery(case: Case, delivery_id: UUID | None, recipient: str | None) -> bool:
    """Whether a returned message names a delivery that an event of this case led to.

    All mails of a case have the same return address, so whoever got one could report any other as undeliverable. The id of
    somebody else's delivery cannot be guessed: it is derived from his pseudonym, which is keyed.
    """
    if delivery_id is None or recipient is None:
        return False
    events = (identity.event_id(case.id, str(sequence)) for sequence in range(1, case.version + 1))
    return any(identity.delivery_id(event, recipient, Way.EMAIL) == delivery_id for event in events)


def sent_to_body(case: Case, body: str, template: str, cause: Cause) -> Change:
    """A mail went out to the body; a request moves the exchange on where we did not know yet."""
    return moved_on(case, body, ExchangeState.SENT, cause) if template == _REQUEST else (case, [])


def _received(
    case: Case,
    data: InboundMessage,
    cause: Cause,
    *,
    direction: Direction,
    visibility: Visibility,
    concerned: tuple[Party, ...],
    certainty: float = 1.0,
) -> tuple[Case, Draft]:
    words = data.personal
    number = case.messages + 1
    draft = Draft(
        TicketMessageAdded,
        cause,
        concerned=concerned,
        personal={
            "subject": words.subject,
            "text": words.text or None,
            "quote": words.quote,
            "signature": words.signature,
            "file_names": words.file_names,
            "photo_places": words.photo_places,
            "place_phrase": case.place_phrase if concerned else None,
            "message_id": words.message_id,
        },
        content_key=data.text_key,
        original_key=data.original.key,
        fields={
            "message_id": identity.event_id(case.id, f"message-{number}"),
            "direction": direction,
            "visibility": visibility,
            "author": data.sender.id,
            "channel": data.channel,
            "report_id": data.report_id,
            "matched": Matching.TOKEN,
            "certainty": certainty,
            "automatic": data.automatic,
            "parts": data.parts,
        },
    )
    counts = {"messages": number, "reports": case.reports + 1}
    return changed(case, cause, **counts, words=with_words(case.words, words.text)), draft


def _body_of(case: Case, sender: str, town: Town) -> str | None:
    for exchange in reversed(case.exchanges):
        party = town.body(exchange.body)
        if party is not None and party.participant.id == sender:
            return exchange.body
    return None
