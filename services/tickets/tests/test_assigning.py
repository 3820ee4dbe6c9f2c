"""Number, category and resolver: by the router, by the clock, by hand."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.participants import ActorKind, Role
from contracts.routing import RoutingPersonal
from contracts.tickets import DeadlineState, ExchangeState, FurtherMatter, Resolver, ResolverKind, TicketState
from contracts.types import Confidentiality, Kind, Priority
from tickets.cases import conversation, exchanges, progress
from tickets.cases.assigning import Classification, classified, routed, set_otherwise, unrouted
from tickets.cases.case import Case, Change
from tickets.cases.handing_over import assigned_to
from tickets.cases.town import Town

from .builders import (
    BODY,
    DISPATCHER_ADDRESS,
    TEAM,
    TEAM_ADDRESS,
    Clock,
    assigned_case,
    cause,
    draft_of,
    drafts_of,
    in_state,
    opened_case,
    recorded,
    routing,
    told,
)

BODY_ADDRESS, REQUEST = "dispecink@lipske-vodarny.test", "body_request"


def team(code: str) -> Resolver:
    return Resolver(kind=ResolverKind.TEAM, code=code)


def body(code: str = BODY) -> Resolver:
    return Resolver(kind=ResolverKind.BODY, code=code)


def route(town: Town, case: Case | None = None, **changes: Any) -> Change:
    case = case or opened_case()
    return routed(case, routing(case.id, **changes), town, cause(actor=ActorKind.ROUTER))


def test_a_decision_classifies_numbers_and_assigns_in_this_order(town: Town) -> None:
    change = route(town)
    assert drafts_of(change) == ["ticket.classified", "ticket.numbered", "ticket.assigned"]
    case = change[0]
    assert (case.state, case.category, case.resolver) == (TicketState.ASSIGNED, "pothole", team(TEAM))
    assert case.confidentiality == Confidentiality.OPEN
    assert case.deadlines[0].why == "pothole"
    assert case.route_by is None


def test_the_reporter_hears_of_the_number_and_the_team_of_its_task(town: Town) -> None:
    change = route(town)
    numbered, assigned = draft_of(change, "ticket.numbered"), draft_of(change, "ticket.assigned")
    assert told(numbered) == ["obcan@example.test"]
    assert numbered.personal["message_id"] == "<7f3c19@mail.example.test>"
    assert "Lipové" in numbered.personal["place_phrase"]
    assert told(assigned) == [TEAM_ADDRESS]
    assert assigned.personal["text"].startswith("Dobrý den")
    assert assigned.personal["file_names"] == {"part-1": "vymol.jpg"}
    assert [part.name for part in assigned.fields["parts"]] == ["part-1"]


def test_nobody_hears_of_a_classification_alone(town: Town) -> None:
    assert told(draft_of(route(town), "ticket.classified")) == []


def test_what_the_router_is_not_sure_of_goes_to_the_dispatcher_with_a_number(town: Town) -> None:
    change = route(town, decided=False)
    case = change[0]
    assert drafts_of(change) == ["ticket.classified", "ticket.numbered", "ticket.assigned"]
    assert told(draft_of(change, "ticket.assigned")) == [DISPATCHER_ADDRESS]
    assert (case.category, case.decided, case.resolver) == ("pothole", False, town.dispatcher)
    # Nothing is promised of a category that nobody is sure of.
    assert case.deadlines[0].why == "legal-maximum"


def test_a_sealed_case_goes_to_its_own_team_however_unsure_the_router_is(town: Town) -> None:
    change = route(
        town,
        category="whistleblowing",
        team="prislusna-osoba",
        confidentiality=Confidentiality.SEALED,
        decided=False,
        body=BODY,
    )
    assert change[0].resolver == team("prislusna-osoba")


def test_a_team_that_the_pack_does_not_know_is_the_dispatcher(town: Town) -> None:
    assert route(town, team="nobody-knows")[0].resolver == town.dispatcher


def test_spam_is_set_aside_without_a_number_and_nobody_hears_of_it(town: Town) -> None:
    change = route(town, set_aside=True, category="spam")
    assert drafts_of(change) == ["ticket.classified", "ticket.state_changed"]
    assert change[0].state == TicketState.SET_ASIDE
    assert [told(draft) for draft in change[1]] == [[], []]


def test_an_outside_body_gets_the_case_and_a_team_of_the_town_answers_for_it(town: Town) -> None:
    change = route(town, body=BODY, category="water-supply", team="dispecink")
    case = change[0]
    assert drafts_of(change) == [
        "ticket.classified",
        "ticket.numbered",
        "ticket.assigned",
        "ticket.exchange_updated",
    ]
    assert (case.state, case.resolver, case.team) == (TicketState.FORWARDED, body(), "dispecink")
    assert told(draft_of(change, "ticket.assigned")) == [BODY_ADDRESS, DISPATCHER_ADDRESS]
    assert [(e.body, e.state) for e in case.exchanges] == [(BODY, ExchangeState.REQUESTED)]


def test_a_body_that_cannot_be_reached_by_mail_leaves_the_case_with_the_team(town: Town) -> None:
    change = route(town, body="izs-112")
    assert change[0].resolver == team(TEAM)
    assert change[0].exchanges == []


@pytest.mark.parametrize("why", ["version", "state", "category"])
def test_a_decision_that_does_not_fit_any_more_is_only_recorded(town: Town, why: str) -> None:
    case = opened_case()
    basedon = 1
    if why == "version":
        case = case.model_copy(update={"version": 2})
    elif why == "state":
        case, _ = recorded(case, unrouted(case, town, cause()), "2026-000001")
        basedon = case.version
    else:
        case = case.model_copy(update={"category": "lost-found"})
    after, drafts = routed(case, routing(case.id, basedon), town, cause())
    assert [draft.kind.event_type for draft in drafts] == ["ticket.classified"]
    assert drafts[0].fields["decision"].applied is False
    assert drafts[0].changed == ()
    unchanged = {"updated_at", "decision"}
    assert after.model_dump(exclude=unchanged) == case.model_dump(exclude=unchanged)


def test_without_a_routing_in_time_the_dispatcher_gets_it_with_a_number(town: Town) -> None:
    case = opened_case()
    change = unrouted(case, town, cause())
    assert drafts_of(change) == ["ticket.numbered", "ticket.assigned"]
    assert (change[0].category, change[0].resolver) == (None, town.dispatcher)
    assert draft_of(change, "ticket.assigned").reason == "not-routed-in-time"
    assert change[0].confidentiality == Confidentiality.RESTRICTED


def test_a_person_classifies_what_nobody_had_and_the_categorys_team_gets_it(town: Town) -> None:
    change = classified(opened_case(), Classification("streetlight-out"), town, cause())
    case = change[0]
    assert drafts_of(change) == ["ticket.classified", "ticket.numbered", "ticket.assigned"]
    assert (case.category, case.area, case.kind, case.priority) == (
        "streetlight-out",
        "lighting",
        Kind.FAULT,
        Priority.P3,
    )
    assert case.resolver == team(TEAM)
    assert case.decided


def test_a_correction_tells_what_was_and_what_is_and_leaves_the_resolver(town: Town) -> None:
    case = assigned_case(town)
    change = classified(
        case, Classification("sidewalk-defect", reason="wrong-category", words="Chodník."), town, cause()
    )
    after, events = recorded(case, change)
    assert drafts_of(change) == ["ticket.corrected"]
    assert after.resolver == case.resolver
    assert after.deadlines[0].why == "sidewalk-defect"
    assert '"field":"category","before":"pothole","after":"sidewalk-defect"' in events[0].body


def test_a_case_that_becomes_sealed_moves_to_the_competent_person(town: Town) -> None:
    change = classified(assigned_case(town), Classification("whistleblowing"), town, cause())
    assert change[0].confidentiality == Confidentiality.SEALED
    assert change[0].resolver == team("prislusna-osoba")
    assert drafts_of(change) == ["ticket.corrected", "ticket.assigned"]


@pytest.mark.parametrize("how", ["team", "body", "person", "ordinary-category"])
def test_a_case_that_becomes_sealed_leaves_whoever_had_it(town: Town, how: str) -> None:
    case = assigned_case(town, body=BODY if how == "body" else None, team="prislusna-osoba")
    if how == "person":
        someone = Resolver(kind=ResolverKind.PERSON, code="staff-1")
        case, _ = recorded(case, assigned_to(case, someone, town, cause(), person=town.team("pravnik"), reason="x"))
    wanted = Classification("whistleblowing")
    if how == "ordinary-category":
        case = assigned_case(town)
        wanted = Classification("pothole", confidentiality=Confidentiality.SEALED)
    change = classified(case, wanted, town, cause())
    assert change[0].confidentiality == Confidentiality.SEALED
    assert change[0].resolver == team("prislusna-osoba")
    assert change[0].team == "prislusna-osoba"
    assert change[0].parties == list(case.reporters)
    assert ("ticket.exchange_updated" in drafts_of(change)) == (how == "body"), "taken back from the body"


@pytest.mark.parametrize("state", [TicketState.RESOLVED, TicketState.REJECTED, TicketState.CLOSED])
def test_a_solved_case_that_becomes_sealed_stays_solved_and_gives_nobody_a_task(town: Town, state: TicketState) -> None:
    ways = [TicketState.RESOLVED, state] if state == TicketState.CLOSED else [state]
    case = in_state(assigned_case(town), *ways)
    change = classified(case, Classification("whistleblowing"), town, cause())
    after = change[0]
    assert (after.state, after.resolver, after.solved_at) == (state, team("prislusna-osoba"), case.solved_at)
    assert after.deadlines[0].state == DeadlineState.MET
    assert told(draft_of(change, "ticket.assigned")) == []


def test_a_sealed_case_that_the_router_would_send_outside_stays_with_the_competent_person(town: Town) -> None:
    change = route(town, confidentiality=Confidentiality.SEALED, decided=True, body=BODY, team="dispecink")
    assert (change[0].resolver, change[0].exchanges) == (team("prislusna-osoba"), [])


@pytest.mark.parametrize("late", ["note", "dispatcher"])
def test_what_the_router_takes_for_a_whistleblowers_leaves_the_dispatchers_eyes_however_late(
    town: Town, late: str
) -> None:
    case = opened_case()
    if late == "note":
        case = case.model_copy(update={"version": 2})
    else:
        case, _ = recorded(case, unrouted(case, town, cause()), "2026-000001")
    change = route(town, case, category="whistleblowing", confidentiality=Confidentiality.SEALED, decided=False)
    assert (change[0].confidentiality, change[0].resolver) == (Confidentiality.SEALED, team("prislusna-osoba"))
    assert draft_of(change, "ticket.classified").fields["decision"].applied is False
    by_hand = case.model_copy(update={"category": "pothole", "confidentiality": Confidentiality.OPEN})
    assert route(town, by_hand, confidentiality=Confidentiality.SEALED)[0].confidentiality == Confidentiality.OPEN


def test_where_nobody_may_read_sealed_cases_none_can_be_sealed(town: Town) -> None:
    assert town.pack is not None
    ordinary = [one for one in town.pack.categories if one.confidentiality != Confidentiality.SEALED]
    bare = Town(town.municipality, town.pack.model_copy(update={"categories": ordinary}), town.pseudonym)
    assert bare.keeper_of_sealed(None) is None
    with pytest.raises(ValueError, match="nobody in the town"):
        classified(
            assigned_case(bare), Classification("pothole", confidentiality=Confidentiality.SEALED), bare, cause()
        )


@pytest.mark.parametrize("then", [TicketState.IN_PROGRESS, TicketState.RESOLVED])
def test_a_correction_keeps_the_time_for_which_the_reporter_was_waited_for(town: Town, then: TicketState) -> None:
    clock = Clock()
    case = in_state(assigned_case(town), TicketState.WAITING_FOR_REPORTER, clock=clock)
    clock.passes(days=14)
    case = in_state(case, then, clock=clock)
    if then == TicketState.RESOLVED:
        case = in_state(case, TicketState.IN_PROGRESS, clock=clock)
    plain, _ = classified(assigned_case(town), Classification("sidewalk-defect"), town, cause())
    after, _ = classified(case, Classification("sidewalk-defect"), town, cause(clock))
    assert after.deadlines[0].due - plain.deadlines[0].due >= timedelta(days=14)
    assert after.deadlines[0].due - plain.deadlines[0].due < timedelta(days=21), "the next working day at most"


def test_many_short_waits_move_the_promised_day_no_further_than_one_of_their_length(town: Town) -> None:
    clock, case = Clock(), assigned_case(town)
    first = case.deadlines[0].due
    for _ in range(20):
        case = in_state(case, TicketState.WAITING_FOR_REPORTER, clock=clock)
        clock.passes(seconds=1)
        case = in_state(case, TicketState.IN_PROGRESS, clock=clock)
    assert case.waited_seconds == 20
    assert case.deadlines[0].due - first <= timedelta(days=5), "the next working day"
    corrected, _ = classified(case, Classification("pothole"), town, cause(clock))
    assert corrected.deadlines[0].due == case.deadlines[0].due


def test_a_corrected_case_that_waits_goes_on_waiting(town: Town) -> None:
    case = in_state(assigned_case(town), TicketState.WAITING_FOR_REPORTER)
    after, _ = classified(case, Classification("sidewalk-defect"), town, cause())
    assert after.deadlines[0].state == DeadlineState.PAUSED


def test_a_category_that_the_town_does_not_have_is_an_error(town: Town) -> None:
    with pytest.raises(ValueError, match="not a category"):
        classified(opened_case(), Classification("no-such"), town, cause())


def test_a_hand_over_names_who_had_it_before(town: Town) -> None:
    case = assigned_case(town)
    change = assigned_to(case, team("odbor-dopravy"), town, cause(), reason="not-ours", words="Není to naše silnice.")
    draft = draft_of(change, "ticket.assigned")
    assert drafts_of(change) == ["ticket.assigned"]
    assert (draft.fields["previous"], draft.reason) == (team(TEAM), "not-ours")
    assert draft.personal["words"] == "Není to naše silnice."
    assert change[0].team == "odbor-dopravy"


def roles_told(change: Change) -> list[tuple[str | None, Role]]:
    draft = draft_of(change, "ticket.assigned")
    return [(party.contact.address, party.participant.role) for party in draft.concerned]


def test_who_had_it_until_now_hears_of_a_hand_over_unless_he_made_it_himself(town: Town) -> None:
    case, transport = assigned_case(town), "doprava@lipovany.test"
    change = assigned_to(case, team("odbor-dopravy"), town, cause(), reason="not-ours")
    assert roles_told(change) == [(transport, Role.RESOLVER), (TEAM_ADDRESS, Role.FORMER_RESOLVER)]
    own = assigned_to(case, team("odbor-dopravy"), town, cause(), reason="not-ours", tell_former=False)
    assert roles_told(own) == [(transport, Role.RESOLVER)]


def test_the_team_that_goes_on_answering_for_a_bodys_matter_is_not_told_that_it_has_nothing_to_do(town: Town) -> None:
    change = assigned_to(assigned_case(town), body(), town, cause(), reason="theirs")
    assert roles_told(change) == [(BODY_ADDRESS, Role.BODY), (TEAM_ADDRESS, Role.RESOLVER)]


def test_a_later_hand_over_to_a_body_is_news_to_the_reporter(town: Town) -> None:
    change = assigned_to(assigned_case(town), body(), town, cause(), reason="theirs")
    assert drafts_of(change) == ["ticket.assigned", "ticket.state_changed", "ticket.exchange_updated"]
    assert told(draft_of(change, "ticket.state_changed")) == ["obcan@example.test"]
    assert change[0].team == TEAM


def test_a_case_taken_back_is_withdrawn_from_the_body(town: Town) -> None:
    case = assigned_case(town, body=BODY)
    change = assigned_to(case, team(TEAM), town, cause(), reason="back")
    assert drafts_of(change) == ["ticket.exchange_updated", "ticket.assigned", "ticket.state_changed"]
    assert told(draft_of(change, "ticket.state_changed")) == ["obcan@example.test"], "the town has it again"
    assert told(draft_of(change, "ticket.exchange_updated")) == [BODY_ADDRESS]
    assert change[0].exchanges[0].state == ExchangeState.WITHDRAWN


def test_what_the_body_answered_is_not_withdrawn(town: Town) -> None:
    case = assigned_case(town, body=BODY)
    case, _ = exchanges.moved_on(case, BODY, ExchangeState.ANSWERED, cause())
    change = assigned_to(case, team(TEAM), town, cause(), reason="back")
    assert drafts_of(change) == ["ticket.assigned", "ticket.state_changed"]
    assert change[0].exchanges[0].state == ExchangeState.ANSWERED


def test_a_late_word_of_the_mail_server_reopens_nothing_that_was_answered_or_taken_back(town: Town) -> None:
    for ended in (ExchangeState.ANSWERED, ExchangeState.WITHDRAWN):
        case, _ = exchanges.moved_on(assigned_case(town, body=BODY), BODY, ended, cause())
        failed = conversation.delivery_updated(case, town, cause(), outcome="failed", body=BODY, template=REQUEST)
        assert drafts_of(failed) == ["ticket.delivery_updated"]
        assert conversation.sent_to_body(case, BODY, REQUEST, cause()) == (case, [])


def test_a_notice_of_withdrawal_moves_no_exchange(town: Town) -> None:
    case = assigned_case(town, body=BODY)
    notice = conversation.delivery_updated(case, town, cause(), outcome="failed", body=BODY, template="body_withdrawn")
    assert drafts_of(notice) == ["ticket.delivery_updated"]
    assert conversation.sent_to_body(case, BODY, "body_withdrawn", cause()) == (case, [])


def test_what_was_solved_outside_and_is_taken_up_again_is_withdrawn_from_the_body(town: Town) -> None:
    case = in_state(assigned_case(town, body=BODY), TicketState.RESOLVED)
    change = progress.moved(case, TicketState.IN_PROGRESS, town, cause(), reason="again")
    assert drafts_of(change) == ["ticket.exchange_updated", "ticket.state_changed"]
    assert change[0].exchanges[0].state == ExchangeState.WITHDRAWN
    assert told(draft_of(change, "ticket.exchange_updated")) == [BODY_ADDRESS]


def test_a_second_request_to_the_same_body_is_a_second_attempt(town: Town) -> None:
    case = assigned_case(town, body=BODY)
    case, _ = recorded(case, assigned_to(case, team(TEAM), town, cause(), reason="back"))
    case, _ = recorded(case, assigned_to(case, body(), town, cause(), reason="again"))
    assert [exchange.attempt for exchange in case.exchanges] == [1, 2]


def test_what_was_set_aside_gets_its_number_when_somebody_takes_it_up(town: Town) -> None:
    case, _ = recorded(opened := opened_case(), route(town, opened, set_aside=True))
    change = assigned_to(case, team(TEAM), town, cause())
    assert drafts_of(change) == ["ticket.numbered", "ticket.assigned"]
    assert change[0].deadlines


def test_a_hand_over_ends_the_waiting_for_the_reporter(town: Town) -> None:
    case = in_state(assigned_case(town), TicketState.WAITING_FOR_REPORTER)
    change = assigned_to(case, team("odbor-dopravy"), town, cause(), reason="not-ours")
    assert change[0].deadlines[0].state == DeadlineState.RUNNING


def test_the_request_that_went_out_is_told_once(town: Town) -> None:
    case = assigned_case(town, body=BODY)
    sent, drafts = conversation.sent_to_body(case, BODY, REQUEST, cause())
    assert sent.exchanges[0].state == ExchangeState.SENT
    assert len(drafts) == 1
    assert conversation.sent_to_body(sent, BODY, REQUEST, cause()) == (sent, [])


def test_a_town_without_a_pack_still_numbers_its_cases() -> None:
    bare = Town("dubna", None, lambda address: "p" + "0" * 32)
    change = routed(case := opened_case(), routing(case.id, body=BODY), bare, cause())
    assert drafts_of(change) == ["ticket.classified", "ticket.numbered", "ticket.assigned"]
    assert change[0].resolver == team("dispatcher")
    assert told(draft_of(change, "ticket.assigned")) == []
    assert change[0].deadlines[0].why == "legal-maximum"


def test_a_correction_takes_something_back_from_whoever_had_decided(town: Town) -> None:
    alone, asked = route(town)[0], route(town, decided=False)[0]
    assert (set_otherwise(alone, "roadworks"), set_otherwise(asked, "roadworks")) == ("router", "person")


def test_nothing_of_the_router_is_taken_back_where_it_decided_nothing_or_was_right(town: Town) -> None:
    by_hand, _ = classified(opened_case(), Classification("pothole"), town, cause())
    assert set_otherwise(opened_case(), "roadworks") is None
    assert set_otherwise(route(town)[0], "pothole") is None
    assert set_otherwise(by_hand, "roadworks") is None


def test_further_matters_stay_with_the_case_and_travel_in_its_event(town: Town) -> None:
    offered = FurtherMatter(category="streetlight-out", text="Na rohu taky nesvítí lampa.")
    change = route(town, personal=RoutingPersonal(further=[offered]))
    assert change[0].further == [offered]
    assert draft_of(change, "ticket.classified").personal["further"] == [offered]
