"""What is said in a case, and what became of what the town sent."""

from uuid import UUID, uuid4

import pytest

from contracts.participants import ActorKind, Role
from contracts.reply_token import TokenRole
from contracts.reports import Automatic
from contracts.sample_reports import REPORTER, pseudonym_of
from contracts.tickets import Direction, ExchangeState, Resolver, ResolverKind, TicketState, Visibility
from contracts.types import Confidentiality
from tickets.cases import conversation
from tickets.cases.case import Case, Change
from tickets.cases.handing_over import assigned_to, solver_parties
from tickets.cases.town import Town

from .builders import (
    BODY,
    DISPATCHER_ADDRESS,
    TEAM,
    TEAM_ADDRESS,
    assigned_case,
    cause,
    draft_of,
    drafts_of,
    in_state,
    recorded,
    reply,
    told,
)

BODY_ADDRESS = "dispecink@lipske-vodarny.test"


@pytest.fixture
def case(town: Town) -> Case:
    return assigned_case(town)


def test_the_reporters_message_is_public_and_told_to_who_solves_it(case: Case, town: Town) -> None:
    change = conversation.said_by_reporter(case, reply(case.id, text="Je větší.").data, town, cause())
    draft = draft_of(change, "ticket.message_added")
    assert (draft.fields["direction"], draft.fields["visibility"]) == (Direction.INBOUND, Visibility.PUBLIC)
    assert draft.personal["text"] == "Je větší."
    assert told(draft) == [TEAM_ADDRESS]
    assert (change[0].messages, change[0].reports) == (2, 2)
    assert "vets" in change[0].words


def test_the_next_answer_goes_to_the_reporters_latest_message(case: Case, town: Town) -> None:
    event = reply(case.id)
    after, _ = conversation.said_by_reporter(case, event.data, town, cause())
    change = conversation.written_by_staff(after, "Opravíme.", Visibility.PUBLIC, "staff-1", town, cause())
    assert draft_of(change, "ticket.message_added").personal["message_id"] == event.data.personal.message_id


@pytest.mark.parametrize(
    "state", [TicketState.WAITING_FOR_REPORTER, TicketState.RESOLVED, TicketState.REJECTED], ids=str
)
def test_a_message_wakes_what_waits_or_was_solved(case: Case, town: Town, state: TicketState) -> None:
    change = conversation.said_by_reporter(in_state(case, state), reply(case.id).data, town, cause())
    assert drafts_of(change) == ["ticket.message_added", "ticket.state_changed"]
    assert change[0].state == TicketState.IN_PROGRESS


def test_a_message_to_a_case_under_way_changes_no_state(case: Case, town: Town) -> None:
    change = conversation.said_by_reporter(case, reply(case.id).data, town, cause())
    assert drafts_of(change) == ["ticket.message_added"]


def test_a_machines_message_is_internal_wakes_nothing_and_is_told_to_nobody(case: Case, town: Town) -> None:
    solved = in_state(case, TicketState.RESOLVED)
    for say in (conversation.said_by_reporter, conversation.noted_by_resolver, conversation.answered_by_body):
        change = say(solved, reply(case.id, automatic=Automatic.REPLIED).data, town, cause())
        assert drafts_of(change) == ["ticket.message_added"]
        draft = change[1][0]
        assert draft.fields["visibility"] == Visibility.INTERNAL
        assert draft.fields["automatic"] == Automatic.REPLIED
        assert told(draft) == []
        assert change[0].state == TicketState.RESOLVED


def test_a_word_that_is_not_surely_the_reporters_is_only_noted(town: Town) -> None:
    sealed = assigned_case(
        town, category="whistleblowing", team="prislusna-osoba", confidentiality=Confidentiality.SEALED
    )
    for state in (TicketState.RESOLVED, TicketState.WAITING_FOR_REPORTER):
        case = in_state(sealed, state)
        after, drafts = conversation.said_by_reporter(case, reply(case.id).data, town, cause(), certainty=0.5)
        assert drafts_of((after, drafts)) == ["ticket.message_added"]
        assert drafts[0].fields["visibility"] == Visibility.INTERNAL
        assert (after.state, after.reply_to) == (state, case.reply_to)


def test_a_resolvers_note_is_not_mailed_back_to_him(case: Case, town: Town) -> None:
    own = reply(case.id, role=TokenRole.RESOLVER, address=TEAM_ADDRESS).data
    assert told(conversation.noted_by_resolver(case, own, town, cause())[1][0]) == []
    others = reply(case.id, role=TokenRole.RESOLVER, address=DISPATCHER_ADDRESS).data
    draft = conversation.noted_by_resolver(case, others, town, cause())[1][0]
    assert told(draft) == [TEAM_ADDRESS]
    assert (draft.fields["direction"], draft.fields["visibility"]) == (Direction.INTERNAL, Visibility.INTERNAL)


def test_a_bodys_answer_is_shown_to_the_team_that_answers_for_it(town: Town) -> None:
    case = assigned_case(town, body=BODY)
    answer = reply(case.id, role=TokenRole.BODY, address=BODY_ADDRESS).data
    change = conversation.answered_by_body(case, answer, town, cause(actor=ActorKind.BODY))
    assert drafts_of(change) == ["ticket.message_added", "ticket.exchange_updated"]
    assert told(change[1][0]) == [TEAM_ADDRESS]
    assert change[1][0].fields["visibility"] == Visibility.INTERNAL
    assert change[0].exchanges[0].state == ExchangeState.ANSWERED


def test_a_public_answer_goes_to_the_reporter_and_a_note_to_the_team(case: Case, town: Town) -> None:
    public = conversation.written_by_staff(case, "Opravíme.", Visibility.PUBLIC, "staff-1", town, cause())[1][0]
    assert told(public) == ["obcan@example.test"]
    assert public.fields["direction"] == Direction.OUTBOUND
    note = conversation.written_by_staff(case, "Objednat.", Visibility.INTERNAL, "staff-1", town, cause())[1][0]
    assert told(note) == [TEAM_ADDRESS]
    assert "message_id" not in note.personal


def test_the_person_who_solves_it_hears_instead_of_the_team(case: Case, town: Town) -> None:
    team = town.team(TEAM)
    assert team is not None
    person = team.model_copy(
        update={
            "participant": team.participant.model_copy(update={"id": pseudonym_of("referent@lipovany.test")}),
            "contact": team.contact.model_copy(update={"address": "referent@lipovany.test"}),
        }
    )
    chosen = Resolver(kind=ResolverKind.PERSON, code="staff-7")
    own, _ = recorded(case, assigned_to(case, chosen, town, cause(), person=person, reason="his"))
    change = conversation.said_by_reporter(own, reply(case.id).data, town, cause())
    assert told(change[1][0]) == ["referent@lipovany.test"]
    back, _ = recorded(own, assigned_to(own, Resolver(kind=ResolverKind.TEAM, code=TEAM), town, cause()))
    assert solver_parties(back, town) == (team,)


def test_a_failed_delivery_is_for_the_dispatcher_to_see_to(case: Case, town: Town) -> None:
    change = conversation.delivery_updated(
        case, town, cause(), outcome="failed", delivery_id=uuid4(), recipient=REPORTER.id, reason="refused"
    )
    assert told(change[1][0]) == [DISPATCHER_ADDRESS]


def test_a_delivery_that_fails_again_and_again_is_told_once(case: Case, town: Town) -> None:
    def fails(case: Case, delivery_id: UUID) -> Change:
        about = {"delivery_id": delivery_id, "recipient": REPORTER.id, "reason": "returned"}
        return conversation.delivery_updated(case, town, cause(), outcome="failed", **about)  # type: ignore[arg-type]

    one, other = uuid4(), uuid4()
    first = fails(case, one)
    again = fails(first[0], one)
    assert [told(change[1][0]) for change in (first, again)] == [[DISPATCHER_ADDRESS], []]
    assert drafts_of(again) == ["ticket.delivery_updated"], "shown all the same"
    assert told(fails(again[0], other)[1][0]) == [DISPATCHER_ADDRESS]


def test_a_machines_answer_of_a_body_moves_no_exchange(town: Town) -> None:
    case = assigned_case(town, body=BODY)
    answer = reply(case.id, role=TokenRole.BOUNCE, address=BODY_ADDRESS, automatic=Automatic.REPLIED).data
    change = conversation.answered_by_body(case, answer, town, cause())
    assert drafts_of(change) == ["ticket.message_added"]
    assert told(change[1][0]) == []
    assert change[1][0].fields["visibility"] == Visibility.INTERNAL


def test_of_a_failed_delivery_in_a_sealed_case_its_own_team_hears(town: Town) -> None:
    case = assigned_case(
        town, category="whistleblowing", team="prislusna-osoba", confidentiality=Confidentiality.SEALED
    )
    change = conversation.delivery_updated(case, town, cause(), outcome="failed", recipient=REPORTER.id)
    assert told(change[1][0]) == ["prislusna-osoba@lipovany.test"]
    assert change[1][0].concerned[0].participant.role == Role.DISPATCHER


def test_whose_mailbox_failed_is_not_told_that_it_failed(case: Case, town: Town) -> None:
    dispatcher = town.attentive_party()
    assert dispatcher is not None
    own = dispatcher.participant.id
    assert told(conversation.delivery_updated(case, town, cause(), outcome="failed", recipient=own)[1][0]) == []


def test_a_delayed_or_doubtful_delivery_is_shown_and_told_to_nobody(case: Case, town: Town) -> None:
    for outcome in ("delayed", conversation.IN_DOUBT):
        change = conversation.delivery_updated(case, town, cause(), outcome=outcome)
        assert drafts_of(change) == ["ticket.delivery_updated"]
        assert told(change[1][0]) == []


def test_a_request_that_the_body_never_got_is_a_failed_exchange(town: Town) -> None:
    case = assigned_case(town, body=BODY)
    for about in ({"body": BODY}, {"recipient": pseudonym_of(BODY_ADDRESS)}):
        change = conversation.delivery_updated(case, town, cause(), outcome="failed", **about)  # type: ignore[arg-type]
        assert drafts_of(change) == ["ticket.delivery_updated", "ticket.exchange_updated"]
        assert change[0].exchanges[0].state == ExchangeState.FAILED
