"""Which case a report belongs to: only a genuine token with a sender whom the case knows joins it."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.envelope import Event
from contracts.reply_token import TokenRole
from contracts.reports import Automatic, Hints
from contracts.sample_reports import forged_token
from contracts.tickets import TicketState
from contracts.types import Confidentiality
from tickets.cases.case import Case
from tickets.cases.matching import Fate, Match, match
from tickets.cases.town import Town

from .builders import (
    BODY,
    DISPATCHER_ADDRESS,
    STRANGER,
    TEAM_ADDRESS,
    assigned_case,
    in_state,
    opened_case,
    reply,
    report,
    sent_by,
)


def matched(case: Case, town: Town, *, staff: tuple[str, ...] = (), **about: object) -> Match:
    return match(reply(case.id, **about), {case.id: case}, {}, staff, town)  # type: ignore[arg-type]


@pytest.fixture
def case(town: Town) -> Case:
    return assigned_case(town)


@pytest.fixture
def with_body(town: Town) -> tuple[Case, str]:
    """A case at an outside body, and the body's address."""
    party = town.body(BODY)
    assert party is not None
    assert party.contact.address is not None
    return assigned_case(town, body=BODY, category="water-supply"), party.contact.address


def test_a_report_without_a_token_opens_its_own_case(town: Town) -> None:
    assert match(report(), {}, {}, (), town) == Match(Fate.OPENS, "no-token")


def test_the_reporters_answer_with_the_token_is_added(case: Case, town: Town) -> None:
    assert matched(case, town) == Match(Fate.ADDS, "token-and-sender", case.id)


def test_a_strangers_mail_with_a_genuine_token_opens_its_own_case_that_names_the_other(case: Case, town: Town) -> None:
    own = matched(case, town, address=STRANGER)
    assert own == Match(Fate.OPENS, "token-of-another-sender", maybe=(case.id,))


def test_a_forged_token_opens_its_own_case_that_names_the_other(case: Case, town: Town) -> None:
    forged: Event[Any] = forged_token()
    hinted = forged.model_copy(
        update={
            "data": forged.data.model_copy(
                update={"sender": case.parties[0].participant, "hints": Hints(tickets=[case.id])}
            )
        }
    )
    assert match(hinted, {case.id: case}, {}, (), town) == Match(Fate.OPENS, "no-token", maybe=(case.id,))


def test_a_number_in_the_subject_is_only_a_hint(case: Case, town: Town) -> None:
    event = report("Re: 2026-000001", hints=Hints(numbers=["2026-000001", "2026-000999"]))
    own = match(event, {case.id: case}, {"2026-000001": case.id}, (), town)
    assert own == Match(Fate.OPENS, "no-token", maybe=(case.id,))


def test_a_token_of_a_case_that_is_not_here_opens_one(town: Town) -> None:
    event = reply(uuid4())
    assert match(event, {}, {}, (), town) == Match(Fate.OPENS, "token-of-no-case")


def test_a_token_never_leads_to_another_town(case: Case, town: Town) -> None:
    foreign = case.model_copy(update={"municipality": "dubna"})
    own = match(reply(case.id), {case.id: foreign}, {}, (), town)
    assert own == Match(Fate.OPENS, "token-of-no-case")
    hinted = report(hints=Hints(tickets=[case.id]))
    assert match(hinted, {case.id: foreign}, {}, (), town).maybe == ()


@pytest.mark.parametrize("address", [TEAM_ADDRESS, DISPATCHER_ADDRESS])
def test_an_answer_to_a_task_by_its_team_or_the_dispatcher_is_a_note(case: Case, town: Town, address: str) -> None:
    assert matched(case, town, role=TokenRole.RESOLVER, address=address).fate == Fate.NOTES


def test_an_answer_to_a_task_by_a_member_of_staff_is_a_note(case: Case, town: Town) -> None:
    clerk = sent_by("referent@lipovany.test").id
    address = "referent@lipovany.test"
    assert matched(case, town, staff=(clerk,), role=TokenRole.RESOLVER, address=address).fate == Fate.NOTES
    assert matched(case, town, role=TokenRole.RESOLVER, address=address).fate == Fate.OPENS


def test_a_task_that_was_passed_on_gives_nobody_else_a_voice(case: Case, town: Town) -> None:
    for address in (STRANGER, "obcan@example.test"):
        assert matched(case, town, role=TokenRole.RESOLVER, address=address).fate == Fate.OPENS


def test_a_resolver_with_the_reporters_token_is_not_the_reporter(case: Case, town: Town) -> None:
    assert matched(case, town, role=TokenRole.REPORTER, address=TEAM_ADDRESS).fate == Fate.OPENS


def test_a_bodys_answer_with_its_token_is_an_answer(with_body: tuple[Case, str], town: Town) -> None:
    case, address = with_body
    assert matched(case, town, role=TokenRole.BODY, address=address).fate == Fate.ANSWERS
    assert matched(case, town, role=TokenRole.BODY, address=STRANGER).fate == Fate.OPENS


def test_a_body_that_never_had_the_case_has_no_voice_in_it(case: Case, with_body: tuple[Case, str], town: Town) -> None:
    assert matched(case, town, role=TokenRole.BODY, address=with_body[1]).fate == Fate.OPENS


@pytest.mark.parametrize("state", [TicketState.RESOLVED, TicketState.REJECTED])
def test_a_solved_case_is_reopened_for_thirty_days_and_then_no_more(case: Case, town: Town, state: TicketState) -> None:
    solved = in_state(case, state)
    assert solved.solved_at is not None
    last = solved.solved_at + timedelta(days=30)
    assert matched(solved, town, received_at=last).fate == Fate.ADDS
    too_late = matched(solved, town, received_at=last + timedelta(seconds=1))
    assert too_late == Match(Fate.OPENS, "solved-too-long-ago", maybe=(case.id,))


def test_a_message_to_a_closed_case_opens_one_that_names_it(case: Case, town: Town) -> None:
    closed = in_state(case, TicketState.RESOLVED, TicketState.CLOSED)
    assert matched(closed, town) == Match(Fate.OPENS, "case-is-closed", maybe=(case.id,))


@pytest.fixture
def sealed(town: Town) -> Case:
    return assigned_case(
        town, category="whistleblowing", team="prislusna-osoba", confidentiality=Confidentiality.SEALED
    )


def test_whoever_writes_with_a_sealed_cases_token_is_read_by_its_officer_alone(sealed: Case, town: Town) -> None:
    assert matched(sealed, town) == Match(Fate.ADDS, "token-and-sender", sealed.id)
    by_another = matched(sealed, town, address=STRANGER)
    assert by_another == Match(Fate.ADDS, "token-of-sealed-case", sealed.id, certainty=0.5)
    closed = in_state(sealed, TicketState.RESOLVED, TicketState.CLOSED)
    assert matched(closed, town).fate == Fate.ADDS


def test_that_there_is_a_sealed_case_is_told_to_nobody(sealed: Case, town: Town) -> None:
    event = report("Re", hints=Hints(tickets=[sealed.id], numbers=["2026-000001"]))
    assert match(event, {sealed.id: sealed}, {"2026-000001": sealed.id}, (), town).maybe == ()


def test_a_machines_answer_stands_by_any_case(case: Case, town: Town) -> None:
    closed = in_state(case, TicketState.RESOLVED, TicketState.CLOSED)
    assert matched(closed, town, automatic=Automatic.REPLIED).fate == Fate.ADDS


def test_out_of_office_to_the_return_path_stands_by_the_case_of_a_known_sender(case: Case, town: Town) -> None:
    fates = {"obcan@example.test": Fate.ADDS, TEAM_ADDRESS: Fate.NOTES}
    for address, fate in fates.items():
        away = matched(case, town, role=TokenRole.BOUNCE, address=address, automatic=Automatic.REPLIED)
        assert (away.fate, away.why) == (fate, "return-path-and-sender")
    assert matched(case, town, role=TokenRole.BOUNCE, address=STRANGER, automatic=Automatic.REPLIED).fate == Fate.OPENS
    assert matched(case, town, role=TokenRole.BOUNCE, address="obcan@example.test").fate == Fate.OPENS


def test_out_of_office_of_a_body_to_the_return_path_is_not_the_reporters_word(
    with_body: tuple[Case, str], town: Town
) -> None:
    case, address = with_body
    away = matched(case, town, role=TokenRole.BOUNCE, address=address, automatic=Automatic.REPLIED)
    assert (away.fate, away.ticket_id) == (Fate.ANSWERS, case.id)


def test_at_most_ten_cases_are_named(town: Town) -> None:
    cases: dict[UUID, Case] = {}
    for number in range(12):
        case = opened_case(subject=f"Věc {number}")
        cases[case.id] = case
    event = report(hints=Hints(tickets=list(cases)))
    assert len(match(event, cases, {}, (), town).maybe) == 10
