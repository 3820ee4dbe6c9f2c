"""A matter that stands beside another one becomes a case of its own, by one request."""

from typing import Any
from uuid import uuid4

import pytest

from contracts.routing import RoutingPersonal
from contracts.tickets import FurtherMatter, TicketState
from contracts.types import Confidentiality
from tickets.cases.splitting import offered, split
from tickets.cases.town import Town

from .builders import assigned_case, cause, drafts_of
from .office import Office, Person, problem

LAMP = FurtherMatter(category="streetlight-out", text="Na rohu taky nesvítí lampa.")
BIN = FurtherMatter(category="street-litter", text="A koš přetéká.")


def routed_with_two(office: Office, **changes: Any) -> Any:
    return office.routed(personal=RoutingPersonal(further=[LAMP, BIN]), **changes)


def test_the_new_case_has_the_sentences_the_reporter_and_the_category(town: Town) -> None:
    case = assigned_case(town, personal=RoutingPersonal(further=[LAMP, BIN]))
    operation = uuid4()
    first, second = split(case, "streetlight-out", LAMP.text, (uuid4(), operation), town, cause())
    assert drafts_of(first) == ["ticket.corrected"]
    assert first[0].further == [BIN]
    new = second[0]
    assert drafts_of(second) == ["ticket.opened", "ticket.classified", "ticket.numbered", "ticket.assigned"]
    assert (new.opening.text, new.category, new.state) == (LAMP.text, "streetlight-out", TicketState.ASSIGNED)
    assert new.reporters == case.reporters
    assert new.received_at == case.received_at
    assert {draft.fields["operation"] for draft in (*first[1], *second[1])} == {operation}


def test_what_was_closed_to_many_eyes_is_not_opened_by_it(town: Town) -> None:
    case = assigned_case(town, confidentiality=Confidentiality.RESTRICTED)
    _, second = split(case, "streetlight-out", "x", (uuid4(), uuid4()), town, cause())
    assert second[0].confidentiality == Confidentiality.RESTRICTED
    with pytest.raises(ValueError, match="category"):
        split(case, "no-such", "x", (uuid4(), uuid4()), town, cause())


def test_only_what_was_offered_has_sentences(town: Town) -> None:
    case = assigned_case(town, personal=RoutingPersonal(further=[LAMP]))
    assert offered(case, "streetlight-out") == LAMP.text
    assert offered(case, "pothole") is None


@pytest.mark.integration
class TestByTheApi:
    def test_a_further_matter_is_taken_by_one_request(self, office: Office, dispatcher: Person) -> None:
        ticket = routed_with_two(office)
        answer = dispatcher.change(ticket, "split", {"category": "streetlight-out"})
        assert answer.status_code == 201
        new = answer.json()
        assert (new["text"], new["category"]["slug"], new["number"]) == (LAMP.text, "streetlight-out", "2026-000002")
        assert answer.headers["Location"].endswith(new["id"])
        assert dispatcher.get(f"/tickets/{ticket}").json()["further"] == [BIN.model_dump()]
        events = dispatcher.get(f"/tickets/{ticket}/history").json()["items"]
        assert events[-1]["reason"] == "split-off"

    def test_a_repeated_request_makes_no_second_case(self, office: Office, dispatcher: Person) -> None:
        ticket = routed_with_two(office)
        one, other = (
            dispatcher.post(
                f"/tickets/{ticket}/split", {"category": "streetlight-out"}, If_Match="*", Idempotency_Key="once"
            )
            for _ in range(2)
        )
        assert one.json()["id"] == other.json()["id"]
        assert other.headers["Idempotency-Replayed"] == "true"
        assert len(dispatcher.listed()) == 2

    def test_a_clerk_may_say_himself_what_belongs_apart(self, office: Office, dispatcher: Person) -> None:
        ticket = routed_with_two(office)
        new = dispatcher.change(ticket, "split", {"category": "sewer", "text": "Z kanálu to smrdí."}).json()
        assert (new["text"], new["category"]["slug"]) == ("Z kanálu to smrdí.", "sewer")
        assert len(dispatcher.get(f"/tickets/{ticket}").json()["further"]) == 2

    def test_what_cannot_be_split_is_said(self, office: Office, dispatcher: Person) -> None:
        ticket = routed_with_two(office)
        problem(dispatcher.change(ticket, "split", {"category": "sewer"}), 422, "no-such-matter")
        problem(dispatcher.change(ticket, "split", {"category": "no-such", "text": "x"}), 422, "no-such-category")
        problem(dispatcher.post(f"/tickets/{ticket}/split", {"category": "sewer", "text": "x"}), 428)
