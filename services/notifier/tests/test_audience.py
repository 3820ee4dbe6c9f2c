"""The table of who hears what, row by row, from the outside: an event in, templates and carried pieces out."""

from typing import Any

import pytest

from contracts.envelope import Event
from contracts.participants import Actor, ActorKind, Participant, Role, Way
from contracts.reports import Automatic
from contracts.sample_histories import pothole_history, water_history
from contracts.sample_tickets import WATER_COMPANY, assigned_snapshot, snapshot
from contracts.tickets import (
    Direction,
    Exchange,
    ExchangeState,
    Matching,
    TicketAssigned,
    TicketDeliveryUpdated,
    TicketExchangeUpdated,
    TicketMessageAdded,
    TicketNumbered,
    TicketState,
    TicketStateChanged,
    Visibility,
)
from contracts.types import Confidentiality, Kind
from notifier.audience import TABLE, Mark, hearings
from packs import TEXT_KEYS

from .builders import BODY, DISPATCHER, NOW, REPORTER, TEAM, deliveries, event

OPEN, RESTRICTED, SEALED = Confidentiality.OPEN, Confidentiality.RESTRICTED, Confidentiality.SEALED
CLERK = Actor(kind=ActorKind.STAFF, id="referent-1")
ROUTER = Actor(kind=ActorKind.ROUTER, id="router")
SYSTEM = Actor(kind=ActorKind.SYSTEM, id="tickets")
BY_BODY = Actor(kind=ActorKind.BODY, id=BODY.id)
BY_REPORTER = Actor(kind=ActorKind.REPORTER, id=REPORTER.id)
SECRETS = {
    "subject": "kanárek-předmět",
    "text": "kanárek-text",
    "quote": "kanárek-citace",
    "signature": "kanárek-podpis",
    "file_names": {"part-1": "kanarek.jpg"},
    "place_phrase": "kanárek-místo",
    "matched_words": ["kanárek-slovo"],
    "words": "kanárek-slova",
    "message_id": "kanarek@example.test",
}


def told(of: Event[Any]) -> dict[Role, str]:
    return {hearing.participant.role: hearing.row.template for hearing in hearings(of)}


def numbered(confidentiality: Confidentiality = OPEN, person: Participant = REPORTER, **after: Any) -> Event[Any]:
    return event(TicketNumbered, person, confidentiality=confidentiality, after=assigned_snapshot(**after))


def assigned(*people: Participant, confidentiality: Confidentiality = OPEN, **fields: Any) -> Event[Any]:
    return event(TicketAssigned, *people, confidentiality=confidentiality, **{"actor": ROUTER, **fields})


def message(*people: Participant, **fields: Any) -> Event[Any]:
    return event(
        TicketMessageAdded,
        *people,
        **{
            "message_id": "7d5cb7f5-9d2a-5a4c-8a4b-2f1d3a5b6c7d",
            "author": "referent-1",
            "matched": Matching.BY_HAND,
            "actor": CLERK,
            **fields,
        },
    )


def moved(before: TicketState, after: TicketState, **fields: Any) -> Event[Any]:
    return event(
        TicketStateChanged, REPORTER, **{"previous": before, "after": assigned_snapshot(state=after), **fields}
    )


@pytest.mark.parametrize(
    ("confidentiality", "after", "template"),
    [
        (OPEN, {}, "acknowledgement"),
        (OPEN, {"decided": False}, "acknowledgement_unclear"),
        (RESTRICTED, {"category": None, "decided": False}, "acknowledgement_unclear"),
        (RESTRICTED, {}, "acknowledgement_confidential"),
        (RESTRICTED, {"decided": False}, "acknowledgement_confidential"),
        (SEALED, {}, "acknowledgement_confidential"),
        (SEALED, {"category": None, "decided": False}, "acknowledgement_confidential"),
        (OPEN, {"kind": Kind.EMERGENCY}, "acknowledgement_emergency"),
        (RESTRICTED, {"kind": Kind.EMERGENCY, "decided": False}, "acknowledgement_emergency"),
    ],
)
def test_the_reporter_is_acknowledged_as_the_case_is(
    confidentiality: Confidentiality, after: dict[str, Any], template: str
) -> None:
    assert told(numbered(confidentiality, **after)) == {Role.REPORTER: template}


def test_every_acknowledgement_is_marked_as_an_automatic_reply() -> None:
    rows = [row for row in TABLE if row.event is TicketNumbered]
    assert rows
    assert {row.mark for row in rows} == {Mark.REPLIED}


def test_a_team_gets_its_task() -> None:
    assert told(assigned(TEAM)) == {Role.RESOLVER: "task"}
    assert told(assigned(TEAM, confidentiality=RESTRICTED)) == {Role.RESOLVER: "task"}
    assert told(assigned(TEAM, confidentiality=SEALED)) == {Role.RESOLVER: "task_confidential"}


def test_the_team_that_answers_for_a_bodys_matter_has_a_task_too() -> None:
    with_body = assigned_snapshot(resolver=WATER_COMPANY, state=TicketState.FORWARDED)
    assert told(assigned(BODY, TEAM, after=with_body)) == {Role.BODY: "body_request", Role.RESOLVER: "task"}


def test_who_had_it_until_now_hears_that_he_need_not_go_there_and_nothing_of_the_content() -> None:
    former = TEAM.model_copy(update={"role": Role.FORMER_RESOLVER})
    (record,) = deliveries(assigned(former, actor=CLERK, personal=SECRETS))
    assert record.template == "task_withdrawn"
    assert record.personal is not None
    assert (record.personal.text, record.personal.subject, record.parts) == (None, None, [])
    for closed in ({"confidentiality": SEALED}, {"after": snapshot()}):
        (record,) = deliveries(assigned(former, actor=CLERK, personal=SECRETS, **closed))
        assert record.template == "task_withdrawn_confidential"
        assert "kanár" not in str(record.personal)


def test_who_solves_it_hears_when_somebody_else_moved_it() -> None:
    resolved = assigned_snapshot(state=TicketState.RESOLVED)
    by_another = event(TicketStateChanged, REPORTER, TEAM, previous="in_progress", after=resolved, actor=CLERK)
    assert told(by_another) == {Role.REPORTER: "state_changed", Role.RESOLVER: "task_moved"}
    sealed = event(
        TicketStateChanged, TEAM, previous="in_progress", after=resolved, actor=CLERK, confidentiality=SEALED
    )
    assert told(sealed) == {Role.RESOLVER: "task_confidential"}


def test_the_reporter_hears_that_the_town_has_it_again() -> None:
    assert told(moved(TicketState.FORWARDED, TicketState.ASSIGNED)) == {Role.REPORTER: "state_changed"}
    assert told(moved(TicketState.OPENED, TicketState.ASSIGNED)) == {}


def test_what_the_rules_could_not_decide_calls_the_dispatcher_and_says_why() -> None:
    for person in (TEAM, DISPATCHER):
        unsure = assigned(person, after=assigned_snapshot(decided=False))
        (heard,) = hearings(unsure)
        assert (heard.row.template, heard.row.reason) == ("dispatcher_attention", "unsure")
        timed_out = assigned(person, actor=SYSTEM, after=snapshot(number="2026-000123"), confidentiality=RESTRICTED)
        (heard,) = hearings(timed_out)
        assert (heard.row.template, heard.row.reason, heard.row.carries) == (
            "dispatcher_attention",
            "timed-out",
            frozenset(),
        )


def test_what_a_person_assigned_is_a_task_however_unsure_the_rules_were() -> None:
    assert told(assigned(TEAM, actor=CLERK, after=assigned_snapshot(decided=False))) == {Role.RESOLVER: "task"}


def test_a_case_that_nothing_has_classified_sends_no_content_to_a_mailbox() -> None:
    by_hand = assigned(TEAM, actor=CLERK, after=snapshot(), confidentiality=RESTRICTED)
    assert told(by_hand) == {Role.RESOLVER: "task_confidential"}


def test_a_body_is_asked_unless_the_case_is_sealed() -> None:
    to_body: dict[str, Any] = {"after": assigned_snapshot(resolver=WATER_COMPANY, state=TicketState.FORWARDED)}
    assert told(assigned(BODY, **to_body)) == {Role.BODY: "body_request"}
    assert told(assigned(BODY, confidentiality=SEALED, **to_body)) == {}
    assert told(assigned(BODY)) == {}


def test_a_body_hears_that_it_is_no_longer_asked_and_nothing_else_of_the_exchange() -> None:
    for state in ExchangeState:
        exchange = Exchange(body="water-company", state=state)
        updated = event(TicketExchangeUpdated, BODY, exchange=exchange)
        expected = {Role.BODY: "body_withdrawn"} if state == ExchangeState.WITHDRAWN else {}
        assert told(updated) == expected


def test_a_clerks_answer_reaches_the_reporter_and_is_no_automatic_mail() -> None:
    answer = message(REPORTER, direction=Direction.OUTBOUND, visibility=Visibility.PUBLIC)
    (heard,) = hearings(answer)
    assert (heard.row.template, heard.row.mark) == ("message_to_reporter", Mark.NONE)


def test_the_answer_in_a_sealed_case_does_not_travel_by_mail() -> None:
    answer = message(REPORTER, direction=Direction.OUTBOUND, visibility=Visibility.PUBLIC, confidentiality=SEALED)
    (heard,) = hearings(answer)
    assert (heard.row.template, heard.row.carries) == ("message_confidential", frozenset())


def test_what_the_reporter_adds_reaches_who_solves_it() -> None:
    added = {
        "direction": Direction.INBOUND,
        "visibility": Visibility.PUBLIC,
        "actor": BY_REPORTER,
        "author": REPORTER.id,
    }
    assert told(message(TEAM, **added)) == {Role.RESOLVER: "message_from_reporter"}
    assert told(message(TEAM, **added, confidentiality=SEALED)) == {Role.RESOLVER: "task_confidential"}


def test_what_a_body_answers_reaches_who_answers_for_it_in_the_town() -> None:
    answered = {"direction": Direction.INBOUND, "visibility": Visibility.INTERNAL, "actor": BY_BODY, "author": BODY.id}
    assert told(message(TEAM, **answered)) == {Role.RESOLVER: "message_from_body"}


def test_a_machines_word_is_told_to_nobody() -> None:
    for automatic in set(Automatic) - {Automatic.NO}:
        for visibility in Visibility:
            added = message(TEAM, direction=Direction.INBOUND, visibility=visibility, automatic=automatic)
            assert told(added) == {}


def test_an_internal_note_reaches_the_resolver_but_not_its_author_and_never_the_reporter() -> None:
    note = {"direction": Direction.INTERNAL, "visibility": Visibility.INTERNAL}
    assert told(message(TEAM, REPORTER, **note)) == {Role.RESOLVER: "internal_note"}
    assert told(message(TEAM, REPORTER, **note, author=TEAM.id)) == {}


@pytest.mark.parametrize(
    ("before", "after", "heard"),
    [
        (TicketState.IN_PROGRESS, TicketState.RESOLVED, True),
        (TicketState.IN_PROGRESS, TicketState.REJECTED, True),
        (TicketState.IN_PROGRESS, TicketState.WAITING_FOR_REPORTER, True),
        (TicketState.RESOLVED, TicketState.CLOSED, True),
        (TicketState.ASSIGNED, TicketState.FORWARDED, True),
        (TicketState.OPENED, TicketState.FORWARDED, False),
        (TicketState.OPENED, TicketState.ASSIGNED, False),
        (TicketState.ASSIGNED, TicketState.IN_PROGRESS, False),
        (TicketState.OPENED, TicketState.SET_ASIDE, False),
        (TicketState.RESOLVED, TicketState.IN_PROGRESS, False),
    ],
)
def test_the_reporter_hears_of_the_states_that_concern_him(
    before: TicketState, after: TicketState, heard: bool
) -> None:
    assert told(moved(before, after)) == ({Role.REPORTER: "state_changed"} if heard else {})


def test_a_mail_that_failed_calls_the_dispatcher_but_never_about_his_own() -> None:
    failed = {"outcome": "failed", "recipient": REPORTER.id}
    assert told(event(TicketDeliveryUpdated, DISPATCHER, **failed)) == {Role.DISPATCHER: "dispatcher_attention"}
    assert told(event(TicketDeliveryUpdated, DISPATCHER, outcome="failed", recipient=DISPATCHER.id)) == {}
    assert told(event(TicketDeliveryUpdated, DISPATCHER, outcome="in-doubt", recipient=REPORTER.id)) == {}
    assert told(event(TicketDeliveryUpdated, TEAM, **failed)) == {}


def test_a_machine_gets_no_automatic_mail_but_what_a_clerk_writes_to_it() -> None:
    machine = REPORTER.model_copy(update={"automatic": True})
    assert told(numbered(person=machine)) == {}
    answer = message(machine, direction=Direction.OUTBOUND, visibility=Visibility.PUBLIC)
    assert told(answer) == {Role.REPORTER: "message_to_reporter"}


def test_whoever_cannot_be_reached_or_did_it_himself_hears_nothing() -> None:
    assert told(numbered(person=REPORTER.model_copy(update={"way": Way.NONE}))) == {}
    assert told(assigned(TEAM, actor=Actor(kind=ActorKind.STAFF, id=TEAM.id))) == {}


def test_nobody_hears_of_a_sample_history_who_should_not() -> None:
    heard = [told(one) for one in pothole_history()]
    assert heard == [
        {},
        {},
        {Role.REPORTER: "acknowledgement"},
        {Role.RESOLVER: "task"},
        {Role.REPORTER: "message_to_reporter"},
        {Role.RESOLVER: "message_from_reporter"},
        {},
        {Role.REPORTER: "state_changed"},
        {},
    ]
    assert [told(one) for one in water_history()] == [{}, {Role.BODY: "body_request"}, {}, {}]


def test_every_row_names_a_text_that_packs_have() -> None:
    assert {row.template for row in TABLE} <= TEXT_KEYS.keys()


def test_of_a_sealed_case_nothing_of_the_content_reaches_any_delivery() -> None:
    everybody = (REPORTER, TEAM, DISPATCHER, BODY)
    kinds: list[tuple[Any, dict[str, Any]]] = [
        (TicketNumbered, {}),
        (TicketAssigned, {"after": assigned_snapshot(resolver=WATER_COMPANY)}),
        (TicketAssigned, {"after": assigned_snapshot(decided=False), "actor": ROUTER}),
        (
            TicketStateChanged,
            {"after": assigned_snapshot(state=TicketState.RESOLVED), "previous": TicketState.ASSIGNED},
        ),
        (TicketDeliveryUpdated, {"outcome": "failed", "recipient": REPORTER.id}),
    ]
    events = [event(kind, *everybody, personal=SECRETS, confidentiality=SEALED, **more) for kind, more in kinds]
    for direction in Direction:
        for visibility in Visibility:
            said = {"direction": direction, "visibility": visibility}
            events.append(message(*everybody, **said, personal=SECRETS, confidentiality=SEALED))
    found = [one for of in events for one in deliveries(of)]
    assert len(found) >= 10
    for one in found:
        kept = one.model_dump_json(exclude={"personal": {"message_id"}})
        assert "kanárek" not in kept
        assert "kanarek" not in kept
        assert one.parts == []


def test_an_acknowledgement_carries_no_words_of_the_report() -> None:
    (acknowledgement,) = deliveries(event(TicketNumbered, REPORTER, personal=SECRETS))
    assert acknowledgement.personal is not None
    assert acknowledgement.personal.text is None
    assert acknowledgement.personal.subject is None
    assert acknowledgement.personal.place_phrase == SECRETS["place_phrase"]
    assert acknowledgement.created_at == NOW
