"""Drafts become events: in order, chained, one picture for all of a transaction, and nothing sealed travels."""

from datetime import timedelta

import orjson
import pytest

from contracts import history
from contracts.envelope import MAXIMUM_EVENT_BYTES
from contracts.participants import ActorKind, Contact
from contracts.reports import MessagePersonal
from contracts.sample_reports import REPORTER
from contracts.tickets import TicketState, Visibility
from contracts.types import Confidentiality
from tickets.cases import conversation, opening, progress
from tickets.cases.assigning import routed
from tickets.cases.case import Case, Cause
from tickets.cases.town import Town

from .builders import BARE_TOWN, START, assigned_case, cause, documents, opened_case, recorded, report, routing

SECRET = "tajný obsah podání"


def whole_life(town: Town) -> list[dict[str, object]]:
    event = report()
    case, events = recorded(None, opening.from_report(event, [], cause(actor=ActorKind.REPORTER, id=REPORTER.id)))
    case, more = recorded(case, routed(case, routing(case.id), town, cause()), "2026-000001")
    events += more
    case, more = recorded(case, conversation.written_by_staff(case, "Opravíme.", Visibility.PUBLIC, "s", town, cause()))
    events += more
    case, more = recorded(case, progress.moved(case, TicketState.RESOLVED, BARE_TOWN, cause(), words="Hotovo."))
    return documents([*events, *more])


def test_sequences_have_no_gap_and_the_chain_verifies(town: Town) -> None:
    life = whole_life(town)
    assert [event["sequence"] for event in life] == [1, 2, 3, 4, 5, 6]
    assert history.first_broken_link(life) is None


def test_a_changed_event_breaks_the_chain(town: Town) -> None:
    life = whole_life(town)
    life[2]["data"]["after"]["state"] = "closed"  # type: ignore[index]
    assert history.first_broken_link(life) == 3


def test_all_events_of_a_transaction_carry_the_state_that_it_commits(town: Town) -> None:
    life = whole_life(town)
    pictures = [event["data"]["after"] for event in life[1:4]]  # type: ignore[index]
    assert pictures[0] == pictures[1] == pictures[2]
    assert pictures[0]["state"] == "assigned"
    assert pictures[0]["number"] == "2026-000001"


def test_ids_of_events_are_the_same_in_every_attempt(town: Town) -> None:
    assert [event["id"] for event in whole_life(town)] == [event["id"] for event in whole_life(town)]


def test_changes_tell_what_was_and_what_is(town: Town) -> None:
    classified, numbered, assigned = whole_life(town)[1:4]
    changes = {change["field"]: change for change in classified["data"]["changes"]}  # type: ignore[index]
    assert changes["category"] == {"field": "category", "after": "pothole"}
    assert changes["confidentiality"] == {"field": "confidentiality", "before": "restricted", "after": "open"}
    assert numbered["data"]["changes"] == [{"field": "number", "after": "2026-000001"}]  # type: ignore[index]
    assert {"field": "state", "before": "opened", "after": "assigned"} in assigned["data"]["changes"]  # type: ignore[index]


def test_contacts_are_those_of_whom_the_event_concerns_and_of_nobody_else(town: Town) -> None:
    for event in whole_life(town):
        data = event["data"]
        named = {participant["id"] for participant in data["participants"]}  # type: ignore[index]
        assert set(data["personal"]["contacts"]) == named  # type: ignore[index]


def test_time_never_goes_back_in_a_history(town: Town) -> None:
    case = assigned_case(town)
    early = Cause(cause().actor, START - timedelta(hours=1))
    after, events = recorded(case, progress.moved(case, TicketState.RESOLVED, BARE_TOWN, early))
    assert events[0].at == case.updated_at
    assert after.updated_at == case.updated_at


def sealed_case(town: Town) -> tuple[Case, Case, list[dict[str, object]], list[object]]:
    personal = MessagePersonal(sender=Contact(address="obcan@example.test"), subject=SECRET, text=SECRET)
    case = opened_case(subject="Oznámení", personal=personal)
    decision = routing(
        case.id, category="whistleblowing", team="prislusna-osoba", confidentiality=Confidentiality.SEALED
    )
    after, events = recorded(case, routed(case, decision, town, cause()), "2026-000001")
    return case, after, documents(events), [event.withheld for event in events]


def test_nothing_of_a_sealed_case_travels_but_the_addresses(town: Town) -> None:
    _, _, events, _ = sealed_case(town)
    for event in events:
        assert event["confidentiality"] == "sealed"
        assert SECRET not in orjson.dumps(event).decode()
        assert set(event["data"]["personal"]) <= {  # type: ignore[index]
            "salt", "contacts", "file_names", "photo_places", "matched_words", "further",
        }  # fmt: skip
        assert not event["data"]["personal"]["file_names"]  # type: ignore[index]
        assert not event["data"]["personal"]["matched_words"]  # type: ignore[index]
        assert not event["data"]["personal"]["further"]  # type: ignore[index]
        assert not event["data"].get("parts")  # type: ignore[attr-defined]


def test_what_a_sealed_case_withholds_stays_with_us(town: Town) -> None:
    _, _, _, withheld = sealed_case(town)
    assigned = withheld[-1]
    assert isinstance(assigned, dict)
    assert assigned["text"] == SECRET
    assert [part["name"] for part in assigned["parts"]] == ["part-1"]


def test_a_sealed_message_names_its_original_instead_of_its_content(town: Town) -> None:
    _, case, _, _ = sealed_case(town)
    event = report("Doplnění", personal=MessagePersonal(text=SECRET))
    _, events = recorded(case, conversation.said_by_reporter(case, event.data, town, cause()))
    assert documents(events)[0]["data"]["content_key"] == event.data.original.key


def test_the_chain_of_a_sealed_history_verifies(town: Town) -> None:
    case, _, events, _ = sealed_case(town)
    assert events[0]["data"]["chain"]["previous"] == case.chain  # type: ignore[index]
    first = recorded(None, opening.from_report(report("Oznámení"), [], cause()))[1]
    assert history.first_broken_link(documents(first)) is None


@pytest.mark.parametrize("length", [32_000, 70_000])
def test_what_is_too_long_for_an_event_goes_by_reference(town: Town, length: int) -> None:
    personal = MessagePersonal(text="ž" * length, quote="q" * 150_000)
    event = report("Dlouhé", personal=personal)
    case, events = recorded(None, opening.from_report(event, [], cause()))
    document = documents(events)[0]
    assert len(events[0].body) <= MAXIMUM_EVENT_BYTES
    shortened = document["data"]["content_key"] if length > 32_000 else None
    assert shortened == (event.data.original.key if length > 32_000 else None)
    assert case.opening.text == personal.text


def test_a_report_is_never_refused_for_its_size(town: Town) -> None:
    names = {f"part-{number}": "x" * 300 for number in range(2000)}
    event = report("Mnoho příloh", personal=MessagePersonal(text="x", file_names=names))
    _, events = recorded(None, opening.from_report(event, [], cause()))
    data = documents(events)[0]["data"]
    assert data["content_key"] == event.data.original.key
    assert "text" not in data["personal"]
