"""POST: tickets, messages, hand-overs, classifications, states. Every change rests on a version; every creation has a key."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Header, Request, Response

from contracts.participants import Contact, Participant, Proof, Role, Way
from contracts.tickets import Resolver, ResolverKind, TicketState, Visibility
from contracts.types import Confidentiality
from kit import metrics
from tickets.cases import assigning, conversation, handing_over, opening, progress, splitting
from tickets.cases.batch import Batch
from tickets.cases.case import Case, Cause, Change, Party
from tickets.cases.handing_over import solver_parties
from tickets.cases.lifecycle import HANDED_OVER, move, ways_from
from tickets.cases.permissions import Action, Staff, may, sight_of
from tickets.cases.town import Town
from tickets.staff import rendering
from tickets.staff.desk import KEY_PATTERN, Desk, Done, checked_key, expected_versions
from tickets.staff.models import (
    MessageOut,
    NewAssignment,
    NewClassification,
    NewMessage,
    NewSplit,
    NewState,
    NewTicket,
    TicketOut,
)
from tickets.staff.problems import Problem
from tickets.staff.reading import Asking, as_json, bearer, entity_tag, may_fail, stored_event, with_headers

_OLDEST_ENTRY = timedelta(days=366)
_CLOCKS_DIFFER = timedelta(minutes=5)

IfMatch = Annotated[
    str | None,
    Header(
        description='The ETag that the change rests on, `"7"`; several are fine, and `*` takes the ticket as it is.'
    ),
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        description="The same key with the same body is done once.", json_schema_extra={"pattern": f"^{KEY_PATTERN}$"}
    ),
]


async def raw_body(request: Request) -> bytes:
    """The body as sent, with the path: what a key stands for."""
    return request.url.path.encode() + b"\n" + await request.body()


Sent = Annotated[bytes, Depends(raw_body)]

OUT_OF_SIGHT: dict[int | str, dict[str, Any]] = {
    204: {"description": "Done; whoever asked does not see the ticket (any more)."}
}


def routes(desk: Desk) -> APIRouter:
    """The changing routes."""
    router = APIRouter(prefix="/api/v1", dependencies=[Depends(bearer)])
    _creations(router, desk)
    _splitting(router, desk)
    _changes(router, desk)
    return router


def _creations(router: APIRouter, desk: Desk) -> None:
    @router.post(
        "/tickets",
        status_code=201,
        response_model=TicketOut,
        responses={
            **with_headers(201, "ETag", "Location", "Idempotency-Replayed"),
            **may_fail(400, 403, 413),
            **OUT_OF_SIGHT,
        },
    )
    def create_ticket(staff: Asking, new: NewTicket, body: Sent, idempotency_key: IdempotencyKey = None) -> Response:
        """Enter a ticket for somebody who called, came or wrote a letter. Whoever entered it may read it."""
        if not may(staff, Action.CREATE, Confidentiality.OPEN, ()):
            raise Problem(403, "not-allowed", "Zakládat podněty smí řešitel nebo dispečer.")

        def open_case(batch: Batch, town: Town, cause: Cause) -> UUID:
            return _entered(batch, new, staff, town, cause)

        done = desk.create(staff, open_case, key=checked_key(idempotency_key), body=body)
        headers = {"Location": f"/api/v1/tickets/{done.ticket_id}", **_repeated(done)}
        return _shown(desk, staff, done, status=201, headers=headers)

    @router.post(
        "/tickets/{ticket_id}/messages",
        status_code=201,
        response_model=MessageOut,
        responses={**with_headers(201, "ETag", "Idempotency-Replayed"), **may_fail(400, 403, 404, 409, 412, 413)},
    )
    def add_message(
        staff: Asking,
        ticket_id: UUID,
        new: NewMessage,
        body: Sent,
        idempotency_key: IdempotencyKey = None,
        if_match: IfMatch = None,
    ) -> Response:
        """Answer the reporter, or leave a note. `If-Match` is not needed here, but kept to where it is given."""
        versions = expected_versions(if_match) if if_match else None

        def decide(case: Case, town: Town, cause: Cause) -> Change:
            if new.visibility == Visibility.PUBLIC:
                _answerable(case)
            return conversation.written_by_staff(case, new.text, new.visibility, staff.id, town, cause)

        done = desk.add(staff, ticket_id, versions, decide, key=checked_key(idempotency_key), body=body)
        stored = desk.queries.event(ticket_id, done.version)
        headers = {**entity_tag(done.version), **_repeated(done)}
        return as_json(stored_event(rendering.message, stored or {}), 201, headers)


def _splitting(router: APIRouter, desk: Desk) -> None:
    @router.post(
        "/tickets/{ticket_id}/split",
        status_code=201,
        response_model=TicketOut,
        responses={
            **with_headers(201, "ETag", "Location", "Idempotency-Replayed"),
            **may_fail(400, 403, 404, 409, 412, 413, 428),
            **OUT_OF_SIGHT,
        },
    )
    def split_off(
        staff: Asking,
        ticket_id: UUID,
        new: NewSplit,
        body: Sent,
        idempotency_key: IdempotencyKey = None,
        if_match: IfMatch = None,
    ) -> Response:
        """Make a further matter a ticket of its own, for the same reporter."""

        def decide(case: Case, town: Town, cause: Cause) -> tuple[Change, Change]:
            return _split(case, new, town, cause)

        versions = expected_versions(if_match)
        done = desk.split(staff, ticket_id, versions, decide, key=checked_key(idempotency_key), body=body)
        headers = {"Location": f"/api/v1/tickets/{done.ticket_id}", **_repeated(done)}
        return _shown(desk, staff, done, status=201, headers=headers)


def _changes(router: APIRouter, desk: Desk) -> None:
    fails = {**with_headers(200, "ETag"), **may_fail(400, 403, 404, 409, 412, 413, 428), **OUT_OF_SIGHT}

    @router.post("/tickets/{ticket_id}/assignment", response_model=TicketOut, responses=fails)
    def assign(staff: Asking, ticket_id: UUID, new: NewAssignment, if_match: IfMatch = None) -> Response:
        """Hand the case over to a team, a member of staff or an outside body."""

        def decide(case: Case, town: Town, cause: Cause) -> Change:
            return _assigned(desk, staff, case, new, town, cause)

        return _shown(desk, staff, desk.change(staff, ticket_id, Action.ASSIGN, expected_versions(if_match), decide))

    @router.post("/tickets/{ticket_id}/classification", response_model=TicketOut, responses=fails)
    def classify(staff: Asking, ticket_id: UUID, new: NewClassification, if_match: IfMatch = None) -> Response:
        """Say by hand what it is about; a case that had no resolver goes to the category's team."""

        def decide(case: Case, town: Town, cause: Cause) -> Change:
            if case.state == TicketState.SET_ASIDE:
                raise _wrong_state(case, "Odložený podnět nejdřív předejte řešiteli.")
            before.append(case)
            return assigning.classified(case, _wanted(new, town), town, cause)

        before = list[Case]()
        done = desk.change(staff, ticket_id, Action.CLASSIFY, expected_versions(if_match), decide)
        # The transaction may have been tried several times; only the last one happened.
        if (by := assigning.set_otherwise(before[-1], new.category)) is not None:
            metrics.CORRECTED.labels(before[-1].category, by).inc()
        return _shown(desk, staff, done)

    @router.post("/tickets/{ticket_id}/state", response_model=TicketOut, responses=fails)
    def change_state(staff: Asking, ticket_id: UUID, new: NewState, if_match: IfMatch = None) -> Response:
        """Move the case on; `ways` of the ticket says where it may go."""

        def decide(case: Case, town: Town, cause: Cause) -> Change:
            return _moved(case, new, staff, town, cause)

        versions = expected_versions(if_match)
        return _shown(desk, staff, desk.change(staff, ticket_id, Action.CHANGE_STATE, versions, decide))


def _answerable(case: Case) -> None:
    if case.number is None:
        raise Problem(409, "not-numbered", "Podnět ještě nemá číslo, pisateli zatím odpovědět nelze.")
    if case.confidentiality == Confidentiality.SEALED:
        # Its content travels nowhere, so the mail would be empty.
        detail = "Na utajený podnět nelze odpovědět e-mailem. Odpovězte jinou cestou a poznamenejte to interně."
        raise Problem(409, "sealed", detail)
    if all(party.participant.way == Way.NONE for party in case.reporters):
        detail = "Pisatel nemá e-mail, odpověď by nikdo nedostal. Odpovězte jinou cestou a poznamenejte to interně."
        raise Problem(409, "no-address", detail)


def _entered(batch: Batch, new: NewTicket, staff: Staff, town: Town, cause: Cause) -> UUID:
    received = opening.to_milliseconds(new.received_at) if new.received_at is not None else cause.at
    if not cause.at - _OLDEST_ENTRY <= received <= cause.at + _CLOCKS_DIFFER:
        raise Problem(422, "received-at-refused", "Čas přijetí musí být v posledním roce a ne v budoucnosti.")
    ticket_id = uuid4()
    address = new.reporter.address
    entry = opening.Entry(
        subject=new.subject,
        text=new.text,
        channel=new.channel,
        received_at=received,
        reporter=Contact(address=address, name=new.reporter.name),
        place_phrase=new.place,
        language=new.language,
        entered_by=staff.id,
    )
    # Without an address nobody can be told apart from anybody: a pseudonym of this case alone.
    reporter = town.pseudonym(address if address is not None else str(ticket_id))
    case, drafts = opening.entered(ticket_id, town.municipality, entry, reporter, cause)
    batch.change(case, drafts)
    if new.category is not None:
        wanted = _wanted(NewClassification(category=new.category), town)
        batch.change(*assigning.classified(case, wanted, town, cause))
    return ticket_id


def _split(case: Case, new: NewSplit, town: Town, cause: Cause) -> tuple[Change, Change]:
    if case.confidentiality == Confidentiality.SEALED:
        raise Problem(409, "sealed", "Z utajeného podnětu se nic neodděluje.")
    _wanted(NewClassification(category=new.category), town)
    text = new.text or splitting.offered(case, new.category)
    if text is None:
        raise Problem(
            422, "no-such-matter", "Takovou další věc podnět nemá. Napište prosím, co se má oddělit (pole `text`)."
        )
    return splitting.split(case, new.category, text, (uuid4(), uuid4()), town, cause)


def _wanted(new: NewClassification, town: Town) -> assigning.Classification:
    category = town.category(new.category)
    if category is None:
        raise Problem(422, "no-such-category", "Takovou kategorii balíček města nemá.")
    if category.confidentiality == Confidentiality.SEALED != (new.confidentiality or Confidentiality.SEALED):
        raise Problem(422, "sealed-category", "Podnět této kategorie je vždy utajený.")
    if new.confidentiality == Confidentiality.SEALED and town.keeper_of_sealed(category) is None:
        raise Problem(422, "nobody-for-sealed", "Město nemá v balíčku nikoho, kdo by směl číst utajené podněty.")
    return assigning.Classification(
        category=new.category,
        kind=new.kind,
        priority=new.priority,
        confidentiality=new.confidentiality,
        urgent=new.urgent,
        place_phrase=new.place,
        coordinates=new.coordinates,
        reason=new.reason,
        words=new.words,
    )


def _assigned(desk: Desk, staff: Staff, case: Case, new: NewAssignment, town: Town, cause: Cause) -> Change:
    resolver = Resolver(kind=new.resolver.kind, code=new.resolver.code)
    if case.state not in HANDED_OVER:
        raise _wrong_state(case, "Vyřízený podnět nejdřív znovu otevřete.")
    if resolver == case.resolver and case.state != TicketState.SET_ASIDE:
        raise Problem(409, "already-there", "Podnět už tento řešitel má.")
    if case.resolver is not None and new.reason is None:
        raise Problem(422, "reason-missing", "Předání jinému řešiteli potřebuje důvod (pole `reason`).")
    keeper = Resolver(kind=ResolverKind.TEAM, code=town.keeper_of_sealed(town.category(case.category)) or "nobody")
    if case.confidentiality == Confidentiality.SEALED and resolver.kind != ResolverKind.PERSON and resolver != keeper:
        raise Problem(409, "sealed", "Utajený podnět lze předat jen příslušné osobě.")
    if resolver.kind == ResolverKind.BODY and case.category is None:
        raise Problem(409, "not-classified", "Než podnět předáte mimo město, zařaďte ho prosím do kategorie.")
    person = None
    if resolver.kind == ResolverKind.PERSON:
        person = _person(desk, case, resolver.code, town)
    elif resolver.kind == ResolverKind.TEAM and not town.has_team(resolver.code):
        raise Problem(422, "no-such-resolver", "Takový tým město nemá.")
    elif resolver.kind == ResolverKind.BODY and not town.reaches_body(resolver.code):
        raise Problem(422, "no-such-resolver", "Takový subjekt v balíčku není, nebo nemá e-mail.")
    return handing_over.assigned_to(
        case,
        resolver,
        town,
        cause,
        person=person,
        reason=new.reason,
        words=new.words,
        tell_former=not sight_of(staff).owns(case.solvers),
    )


def _moved(case: Case, new: NewState, staff: Staff, town: Town, cause: Cause) -> Change:
    allowed = move(case.state, new.state)
    if allowed is None:
        raise _wrong_state(case, "Z tohoto stavu tam podnět přejít nemůže.")
    if not staff.roles & allowed.by:
        raise Problem(403, "not-allowed", "Tuto změnu stavu smí jen dispečer nebo tajemník.")
    if allowed.reason and new.reason is None:
        raise Problem(422, "reason-missing", "Uveďte prosím důvod (pole `reason`).")
    if allowed.words and new.words is None:
        raise Problem(422, "words-missing", "Napište prosím občanovi, proč (pole `words`).")
    # A team that solves it knows what its own people do.
    others = () if sight_of(staff).owns(case.solvers) else solver_parties(case, town)
    return progress.moved(case, new.state, town, cause, reason=new.reason, words=new.words, solvers=others)


def _person(desk: Desk, case: Case, code: str, town: Town) -> Party:
    member = desk.tokens.member(town.municipality, code)
    if member is None or not may(member, Action.WRITE, case.confidentiality, {member.id}):
        raise Problem(422, "no-such-resolver", "Takový pracovník není, nebo podnět řešit nesmí.")
    participant = Participant(
        id=member.pseudonym or town.pseudonym(member.id),
        role=Role.RESOLVER,
        way=Way.EMAIL if member.address is not None else Way.NONE,
        proof=Proof.STAFF,
    )
    return Party(participant=participant, contact=Contact(address=member.address, name=member.name))


def _wrong_state(case: Case, detail: str) -> Problem:
    return Problem(409, "wrong-state", detail, state=case.state, ways=ways_from(case.state))


def _shown(
    desk: Desk, staff: Staff, done: Done, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """The ticket as it stands; nothing of it where it is out of this member's sight."""
    ticket = desk.queries.ticket(sight_of(staff), done.ticket_id)
    if ticket is None:
        return Response(None, 204, headers)
    pack = desk.towns(staff.municipality).pack
    tags = {**entity_tag(ticket["version"]), **(headers or {})}
    return as_json(rendering.whole(ticket, pack, desk.clock()), status, tags)


def _repeated(done: Done) -> dict[str, str]:
    return {"Idempotency-Replayed": "true"} if done.repeated else {}
