"""The staff API over a real MongoDB: what it gives, to whom, and how it refuses."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi.testclient import TestClient
from pymongo.database import Database

from contracts.participants import Contact
from contracts.reports import Hints, MessagePersonal
from contracts.sample_reports import PSEUDONYM_KEY, delivery_reported
from contracts.types import Confidentiality
from kit.mongo import Document
from kit.object_store import MemoryObjectStore
from tickets import api
from tickets.cases.permissions import StaffRole
from tickets.cases.town import Town
from tickets.handlers import ReportsHandler, RoutingHandler
from tickets.staff.desk import Desk
from tickets.staff.queries import Queries
from tickets.staff.tokens import StaffTokens
from tickets.store import MongoStore

from .builders import BODY, TEAM, Clock, messages, reply, report, routing, ticket_of

pytestmark = pytest.mark.integration
SECRET = "tajemství oznamovatele"


class Person:
    """A member of staff with a token."""

    def __init__(self, client: TestClient, token: str | None, code: str = "") -> None:
        self.client, self.code = client, code
        self.headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    def get(self, path: str, **query: Any) -> httpx.Response:
        answer: httpx.Response = self.client.get(f"/api/v1{path}", params=query, headers=self.headers)
        return answer

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer: httpx.Response = self.client.post(f"/api/v1{path}", json=body, headers={**self.headers, **named})
        return answer

    def change(self, ticket: UUID, what: str, body: Any) -> httpx.Response:
        """With the present version."""
        tag = self.get(f"/tickets/{ticket}").headers["ETag"]
        return self.post(f"/tickets/{ticket}/{what}", body, If_Match=tag)

    def listed(self, **query: Any) -> list[str]:
        answer = self.get("/tickets", **query)
        assert answer.status_code == 200, answer.text
        return [ticket["id"] for ticket in answer.json()["items"]]


@dataclass
class Office:
    """The API with a town's cases behind it."""

    client: TestClient
    tokens: StaffTokens
    clock: Clock
    objects: MemoryObjectStore
    reports: ReportsHandler
    routings: RoutingHandler

    def person(
        self, *roles: StaffRole, teams: tuple[str, ...] = (), municipality: str = "lipovany", **about: Any
    ) -> Person:
        code, token = self.tokens.create(municipality, roles, teams=teams, **about)
        return Person(self.client, token, code)

    def opened(self, subject: str = "Výmol v Lipové ulici", text: str = "Je tam díra.") -> UUID:
        personal = MessagePersonal(sender=Contact(address="obcan@example.test"), subject=subject, text=text)
        event = report(subject, personal=personal)
        self.reports(messages(event))
        self.clock.passes(seconds=1)
        return ticket_of(event)

    def routed(self, subject: str = "Výmol v Lipové ulici", text: str = "Je tam díra.", **changes: Any) -> UUID:
        ticket = self.opened(subject, text)
        self.routings(messages(routing(ticket, **changes)))
        return ticket


@pytest.fixture
def office(database: Database[Document], town: Town, clock: Clock) -> Iterator[Office]:
    store, objects = MongoStore(database, clock), MemoryObjectStore()
    tokens = StaffTokens(database, clock, PSEUDONYM_KEY)

    def towns(municipality: str) -> Town:
        return town if municipality == "lipovany" else Town(municipality, None, town.pseudonym)

    desk = Desk(store, Queries(database), tokens, towns, objects, clock)
    with TestClient(api.create(desk), raise_server_exceptions=False) as client:
        reports, routings = ReportsHandler(store, towns, clock), RoutingHandler(store, towns, clock)
        yield Office(client, tokens, clock, objects, reports, routings)


@pytest.fixture
def dispatcher(office: Office) -> Person:
    return office.person(StaffRole.DISPATCHER)


def problem(answer: httpx.Response, status: int, code: str | None = None) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    assert code is None or document["type"] == f"urn:helpdesk:problem:{code}"
    return document


PATHS = ("/tickets", "/tickets/{id}", "/tickets/{id}/messages", "/tickets/{id}/history", "/reports/{id}",
         "/originals/{id}", "/originals/{id}/parts/part-1", "/categories", "/me", "/no-such-path")  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("token", [None, "", "x", "x" * 43, "x" * 5000, "Bearer"])
def test_without_a_token_nothing_is_readable_not_even_which_paths_there_are(
    office: Office, path: str, token: str | None
) -> None:
    answer = Person(office.client, token).get(path.format(id=uuid4()))
    problem(answer, 401, "no-token")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    problem(office.client.delete("/api/v1/tickets"), 401)


def test_the_documentation_is_open_and_valid(office: Office) -> None:
    assert office.client.get("/docs").status_code == 200
    document = office.client.get("/openapi.json").json()
    from openapi_spec_validator import validate

    validate(document)
    assert document["paths"].keys() == {
        "/api/v1/tickets", "/api/v1/tickets/{ticket_id}", "/api/v1/tickets/{ticket_id}/messages",
        "/api/v1/tickets/{ticket_id}/history", "/api/v1/tickets/{ticket_id}/assignment",
        "/api/v1/tickets/{ticket_id}/classification", "/api/v1/tickets/{ticket_id}/state", "/api/v1/reports/{report_id}",
        "/api/v1/originals/{report_id}", "/api/v1/originals/{report_id}/parts/{name}", "/api/v1/categories", "/api/v1/me",
    }  # fmt: skip


def test_answers_are_as_the_documentation_says(office: Office, dispatcher: Person) -> None:
    from tickets.staff import models

    ticket = office.routed(body=BODY, category="water-supply")
    dispatcher.post(f"/tickets/{ticket}/messages", {"text": "Poznámka", "visibility": "internal"})
    models.TicketOut.model_validate(strictly := dispatcher.get(f"/tickets/{ticket}").json())
    assert strictly.keys() == models.TicketOut.model_fields.keys()
    page = dispatcher.get("/tickets").json()
    assert page["items"][0].keys() == models.TicketRow.model_fields.keys()
    models.TicketPage.model_validate(page)
    models.MessagePage.model_validate(conversation := dispatcher.get(f"/tickets/{ticket}/messages").json())
    assert conversation["items"][0].keys() == models.MessageOut.model_fields.keys()
    models.HistoryPage.model_validate(history := dispatcher.get(f"/tickets/{ticket}/history").json())
    assert history["items"][0].keys() == models.HistoryEvent.model_fields.keys()
    models.ReportOut.model_validate(dispatcher.get(f"/reports/{strictly['report_id']}").json())
    models.CategoryList.model_validate(dispatcher.get("/categories").json())
    models.MeOut.model_validate(dispatcher.get("/me").json())


def within_a_second(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + api.KNOWN_SECONDS + 1
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)


def test_a_revoked_or_expired_token_ends_within_a_second(office: Office, clock: Clock) -> None:
    person, other = office.person(StaffRole.DISPATCHER), office.person(StaffRole.DISPATCHER)
    assert person.get("/me").status_code == 200
    assert office.tokens.revoke(person.code)
    within_a_second(lambda: person.get("/me").status_code == 401)
    problem(person.get("/me"), 401)
    clock.passes(days=366)
    within_a_second(lambda: other.get("/me").status_code == 401)


def test_tokens_are_stored_as_digests_only(office: Office, database: Database[Document]) -> None:
    _, token = office.tokens.create("lipovany", [StaffRole.READER])
    assert token not in str(list(database["tokens"].find({})))
    assert len(token) >= 43
    assert "digest" not in office.tokens.rows()[0]


def test_a_ticket_is_shown_with_the_names_of_the_pack(office: Office, dispatcher: Person) -> None:
    ticket = office.routed()
    answer = dispatcher.get(f"/tickets/{ticket}")
    shown = answer.json()
    assert answer.headers["ETag"] == '"4"'
    assert shown["number"] == "2026-000001"
    assert shown["category"]["name"] == "Výtluky a poškozená vozovka"
    assert shown["resolver"] == {"kind": "team", "code": TEAM, "name": "Technické služby města Lipovany"}
    assert shown["reporters"] == [{"name": None, "address": "obcan@example.test"}]
    assert shown["parts"][0]["url"] == f"originals/{shown['report_id']}/parts/part-1"
    assert "in_progress" in shown["ways"]


class TestConfidentiality:
    """On every read path: who may not see a case gets the same answer as for none."""

    PEOPLE = (
        (StaffRole.READER, (), {"open"}),
        (StaffRole.ADMIN, (), {"open"}),
        (StaffRole.RESOLVER, (), {"open"}),
        (StaffRole.RESOLVER, ("pravnik",), {"open", "restricted"}),
        (StaffRole.RESOLVER, ("prislusna-osoba",), {"open"}),
        (StaffRole.DISPATCHER, (), {"open", "restricted", "unrouted"}),
        (StaffRole.SECRETARY, (), {"open", "restricted", "unrouted"}),
        (StaffRole.WHISTLEBLOWING_OFFICER, (), {"open", "sealed"}),
    )

    @pytest.fixture
    def cases(self, office: Office) -> dict[str, UUID]:
        return {
            "open": office.routed("Výmol", f"{SECRET} výmol"),
            "restricted": office.routed(
                "Škoda", f"{SECRET} škoda", team="pravnik", confidentiality=Confidentiality.RESTRICTED
            ),
            "sealed": office.routed(
                "Oznámení",
                f"{SECRET} oznámení",
                category="whistleblowing",
                team="prislusna-osoba",
                confidentiality=Confidentiality.SEALED,
            ),
            "unrouted": office.opened("Nové", f"{SECRET} nové"),
        }

    @pytest.mark.parametrize(("role", "teams", "seen"), PEOPLE)
    def test_everybody_sees_what_his_roles_allow_on_every_path(
        self, office: Office, cases: dict[str, UUID], role: StaffRole, teams: tuple[str, ...], seen: set[str]
    ) -> None:
        person = office.person(role, teams=teams)
        sees_all = office.person(StaffRole.DISPATCHER, StaffRole.WHISTLEBLOWING_OFFICER)
        visible = {str(cases[name]) for name in seen}
        assert set(person.listed()) == visible
        assert set(person.listed(q=SECRET)) == visible
        assert set(person.listed(sort="due")) == visible - {str(cases["unrouted"])}
        for name, ticket in cases.items():
            whole = sees_all.get(f"/tickets/{ticket}").json()
            office.objects.put(f"{self._folder(whole)}/raw", SECRET.encode())
            office.objects.put(f"{self._folder(whole)}/parts/part-1", SECRET.encode())
            report_id = whole["report_id"]
            for path in (f"/tickets/{ticket}", f"/tickets/{ticket}/messages", f"/tickets/{ticket}/history",
                         f"/reports/{report_id}", f"/originals/{report_id}", f"/originals/{report_id}/parts/part-1"):  # fmt: skip
                answer = person.get(path)
                assert answer.status_code == (200 if name in seen else 404), path
                if name not in seen:
                    assert answer.json() == problem(person.get(f"/tickets/{uuid4()}"), 404)
            if whole["number"] is not None:
                assert bool(person.listed(number=whole["number"])) == (name in seen)

    def _folder(self, whole: dict[str, Any]) -> str:
        return f"originals/lipovany/2026-12-01/{whole['report_id']}"

    @pytest.mark.parametrize("what", ["messages", "assignment", "classification", "state"])
    def test_what_is_not_seen_cannot_be_changed(self, office: Office, cases: dict[str, UUID], what: str) -> None:
        body = {
            "messages": {"text": "x", "visibility": "internal"},
            "assignment": {"resolver": {"kind": "team", "code": TEAM}, "reason": "x"},
            "classification": {"category": "pothole"},
            "state": {"state": "resolved"},
        }[what]
        person = office.person(StaffRole.DISPATCHER, StaffRole.ADMIN, StaffRole.SECRETARY)
        problem(person.post(f"/tickets/{cases['sealed']}/{what}", body, If_Match='"4"'), 404, "not-found")

    def test_the_competent_person_reads_the_content_that_did_not_travel(
        self, office: Office, cases: dict[str, UUID], database: Database[Document]
    ) -> None:
        officer = office.person(StaffRole.WHISTLEBLOWING_OFFICER)
        told = officer.change(cases["sealed"], "messages", {"text": f"{SECRET} odpověď", "visibility": "internal"})
        assert told.status_code == 201
        assert told.json()["text"] == f"{SECRET} odpověď"
        later = database["events"].find({"ticket_id": cases["sealed"], "sequence": {"$gt": 1}})
        assert not any(SECRET in event["body"] for event in later)
        texts = [m["text"] for m in officer.get(f"/tickets/{cases['sealed']}/messages").json()["items"]]
        assert texts == [f"{SECRET} oznámení", f"{SECRET} odpověď"]

    def test_a_sealed_case_is_not_answered_by_an_empty_mail(self, office: Office, cases: dict[str, UUID]) -> None:
        officer = office.person(StaffRole.WHISTLEBLOWING_OFFICER)
        answer = officer.change(cases["sealed"], "messages", {"text": "Děkujeme.", "visibility": "public"})
        problem(answer, 409, "sealed")

    def test_a_sealed_case_is_handed_to_a_competent_person_only(self, office: Office, cases: dict[str, UUID]) -> None:
        officer, other = (office.person(StaffRole.WHISTLEBLOWING_OFFICER) for _ in range(2))
        dispatcher = office.person(StaffRole.DISPATCHER)

        def assign(kind: str, code: str) -> httpx.Response:
            body = {"resolver": {"kind": kind, "code": code}, "reason": "holiday"}
            return officer.change(cases["sealed"], "assignment", body)

        problem(assign("team", "pravnik"), 409, "sealed")
        problem(assign("body", BODY), 409, "sealed")
        problem(assign("person", dispatcher.code), 422, "no-such-resolver")
        assert assign("person", other.code).status_code == 200

    def test_another_town_sees_nothing(self, office: Office, cases: dict[str, UUID]) -> None:
        stranger = office.person(*StaffRole, municipality="dubna")
        assert stranger.listed() == []
        problem(stranger.get(f"/tickets/{cases['open']}"), 404)

    def test_a_change_that_takes_a_case_out_of_sight_shows_nothing_of_it(
        self, office: Office, cases: dict[str, UUID]
    ) -> None:
        person = office.person(StaffRole.DISPATCHER)
        answer = person.change(cases["open"], "classification", {"category": "whistleblowing"})
        assert (answer.status_code, answer.content) == (204, b"")
        problem(person.get(f"/tickets/{cases['open']}"), 404)


class TestLists:
    """Filters, order, pages."""

    def test_filters_find_what_they_say(self, office: Office, dispatcher: Person) -> None:
        lamp = office.routed("Lampa", "Nesvítí lampy v Husově.", category="streetlight-out", area="lighting")
        water = office.routed("Voda", "Neteče voda.", category="water-supply", body=BODY, team="dispecink")
        aside = office.routed("Reklama", "Vyhrál jste.", set_aside=True, category="spam")
        assert dispatcher.listed() == [str(aside), str(water), str(lamp)]
        assert dispatcher.listed(sort="oldest") == [str(lamp), str(water), str(aside)]
        assert dispatcher.listed(state="set_aside") == [str(aside)]
        assert dispatcher.listed(category="water-supply") == [str(water)]
        assert dispatcher.listed(resolver=BODY) == [str(water)]
        assert dispatcher.listed(resolver="dispecink") == [str(water)]
        assert dispatcher.listed(state="assigned", category="streetlight-out", resolver=TEAM) == [str(lamp)]
        assert dispatcher.listed(number="2026-000002") == [str(water)]
        assert dispatcher.listed(q="lampa husove") == [str(lamp)]
        assert dispatcher.listed(q="LAMPOU") == [str(lamp)]
        assert dispatcher.listed(q="2026-000001") == [str(lamp)]
        assert dispatcher.listed(q="lampa voda") == []
        assert len(dispatcher.listed(q="obcan@example.test")) == 3

    def test_later_messages_are_searched_too(self, office: Office, dispatcher: Person) -> None:
        ticket = office.routed()
        office.reports(messages(reply(ticket, text="Už tam spadl i cyklista.")))
        assert dispatcher.listed(q="cyklisty") == [str(ticket)]

    def test_late_is_what_is_past_its_day_the_longest_first(
        self, office: Office, dispatcher: Person, clock: Clock
    ) -> None:
        slow = office.routed("Dlouhá lhůta", category="tree-care")
        fast = office.routed("Krátká lhůta", category="street-litter")
        solved = office.routed("Hotová", category="street-litter")
        dispatcher.change(solved, "state", {"state": "resolved"})
        assert dispatcher.listed(late=True) == []
        clock.passes(days=20)
        assert dispatcher.listed(late=True) == [str(fast)]
        clock.passes(days=40)
        assert dispatcher.listed(late=True) == [str(fast), str(slow)]
        assert dispatcher.get(f"/tickets/{fast}").json()["late"] is True

    @pytest.mark.parametrize("query", [{}, {"sort": "oldest"}, {"sort": "due"}, {"state": "assigned"}, {"q": "výmol"}])
    def test_pages_hold_every_ticket_once(self, office: Office, dispatcher: Person, query: dict[str, str]) -> None:
        made = {str(office.routed(f"Výmol {number}")) for number in range(7)}
        seen: list[str] = []
        cursor: dict[str, str] = {}
        for _ in range(10):
            page = dispatcher.get("/tickets", limit=3, **query, **cursor).json()
            seen += [ticket["id"] for ticket in page["items"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert sorted(seen) == sorted(made)

    def test_pages_of_tickets_of_the_same_moment_hold_every_one_once(self, office: Office, dispatcher: Person) -> None:
        events = [report(f"Najednou {number}") for number in range(7)]
        office.reports(messages(*events))
        first = dispatcher.get("/tickets", limit=4).json()
        second = dispatcher.get("/tickets", limit=4, cursor=first["next"]).json()
        assert len({ticket["id"] for ticket in first["items"] + second["items"]}) == 7

    @pytest.mark.parametrize(
        "query",
        [
            {"limit": "101"}, {"limit": "0"}, {"limit": "-1"}, {"limit": "9" * 400}, {"limit": "x"}, {"state": "$ne"},
            {"state[$ne]": "x"}, {"category": '{"$gt": ""}'}, {"resolver": "a/b"}, {"number": "1"}, {"late": "maybe"},
            {"cursor": "{}"}, {"cursor": "x" * 1000}, {"cursor": "AAAA"}, {"cursor": "WzEsMl0"}, {"cursor": "W10"},
            {"q": "x" * 201}, {"unknown": "1"}, {"sort": "random"},
            {"cursor": "WzkyMjMzNzIwMzY4NTQ3NzU4MDcsIjAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwIl0"},
        ],
    )  # fmt: skip
    def test_a_query_that_we_do_not_know_is_refused_clearly(
        self, office: Office, dispatcher: Person, query: dict[str, str]
    ) -> None:
        office.routed()
        problem(dispatcher.get("/tickets", **query), 422)

    @pytest.mark.parametrize("text", ['{"$ne": null}', "$where", "a" * 200, "{}", "…", "' || 1==1", "\x00"])
    def test_operators_of_the_database_are_only_text(self, office: Office, dispatcher: Person, text: str) -> None:
        office.routed()
        assert dispatcher.listed(q=text) == []


class TestChanges:
    """Every change rests on a version and is told in the history."""

    def test_a_change_without_a_version_or_on_an_old_one_is_refused(self, office: Office, dispatcher: Person) -> None:
        ticket, body = office.routed(), {"state": "in_progress"}
        problem(dispatcher.post(f"/tickets/{ticket}/state", body), 428, "version-missing")
        for wrong in ('"3"', '"5"', "4", "*", '"x"', '"4", "5"', 'W/"', '"99999999999999999999"'):
            problem(dispatcher.post(f"/tickets/{ticket}/state", body, If_Match=wrong), 412, "version-differs")
        answer = dispatcher.post(f"/tickets/{ticket}/state", body, If_Match='W/"4"')
        assert (answer.status_code, answer.headers["ETag"]) == (200, '"5"')
        problem(dispatcher.post(f"/tickets/{ticket}/state", body, If_Match='"4"'), 412)

    def test_states_change_by_the_table_only(self, office: Office, dispatcher: Person) -> None:
        ticket = office.routed()
        refused = problem(dispatcher.change(ticket, "state", {"state": "closed"}), 409, "wrong-state")
        assert "in_progress" in refused["ways"]
        problem(dispatcher.change(ticket, "state", {"state": "rejected"}), 422, "reason-missing")
        answer = dispatcher.change(
            ticket, "state", {"state": "rejected", "reason": "not-ours", "words": "Není to naše."}
        )
        assert answer.json()["state"] == "rejected"
        event = dispatcher.get(f"/tickets/{ticket}/history").json()["items"][-1]
        assert (event["type"], event["reason"], event["words"]) == ("ticket.state_changed", "not-ours", "Není to naše.")
        assert event["actor"] == {"kind": "staff", "id": dispatcher.code}

    def test_a_resolver_works_on_his_own_cases_only(self, office: Office) -> None:
        ticket = office.routed()
        own, other = (office.person(StaffRole.RESOLVER, teams=(team,)) for team in (TEAM, "pravnik"))
        problem(other.change(ticket, "state", {"state": "in_progress"}), 403, "not-allowed")
        assert own.change(ticket, "state", {"state": "in_progress"}).status_code == 200
        assert own.change(ticket, "state", {"state": "resolved"}).status_code == 200
        assert own.change(ticket, "state", {"state": "closed"}).status_code == 200
        problem(own.change(ticket, "state", {"state": "in_progress", "reason": "again"}), 403)

    def test_readers_change_nothing(self, office: Office) -> None:
        ticket, reader = office.routed(), office.person(StaffRole.READER, StaffRole.ADMIN)
        problem(reader.change(ticket, "messages", {"text": "x", "visibility": "internal"}), 403)
        problem(reader.post("/tickets", {"text": "x"}), 403)

    def test_a_hand_over_needs_a_known_resolver_and_a_reason(self, office: Office, dispatcher: Person) -> None:
        ticket = office.routed()

        def assign(kind: str, code: str, **more: str) -> httpx.Response:
            return dispatcher.change(ticket, "assignment", {"resolver": {"kind": kind, "code": code}, **more})

        problem(assign("team", "odbor-dopravy"), 422, "reason-missing")
        for kind, code in (("team", "no-such"), ("body", "no-such"), ("body", "izs-112"), ("person", "staff-0")):
            problem(assign(kind, code, reason="x"), 422, "no-such-resolver")
        problem(assign("team", TEAM, reason="x"), 409, "already-there")
        assert assign("team", "odbor-dopravy", reason="theirs").json()["team"] == "odbor-dopravy"
        forwarded = assign("body", BODY, reason="theirs").json()
        assert (forwarded["state"], forwarded["exchanges"][0]["state"]) == ("forwarded", "requested")
        person = office.person(StaffRole.RESOLVER, name="referent", address="referent@lipovany.test")
        handed = assign("person", person.code, reason="yours").json()
        assert handed["resolver"] == {"kind": "person", "code": person.code, "name": "referent"}
        assert handed["exchanges"][0]["state"] == "withdrawn"
        assert person.change(ticket, "state", {"state": "resolved"}).status_code == 200
        problem(assign("team", TEAM, reason="x"), 409, "wrong-state")

    def test_a_person_who_may_not_solve_it_does_not_get_it(self, office: Office, dispatcher: Person) -> None:
        ticket, reader = office.routed(), office.person(StaffRole.READER)
        body = {"resolver": {"kind": "person", "code": reader.code}, "reason": "x"}
        problem(dispatcher.change(ticket, "assignment", body), 422, "no-such-resolver")

    def test_a_person_classifies_and_corrects(self, office: Office, dispatcher: Person) -> None:
        ticket = office.opened()
        problem(dispatcher.change(ticket, "classification", {"category": "no-such"}), 422, "no-such-category")
        first = dispatcher.change(ticket, "classification", {"category": "pothole", "place": "Husova 12"}).json()
        assert (first["number"], first["state"], first["place"]) == ("2026-000001", "assigned", "Husova 12")
        second = dispatcher.change(ticket, "classification", {"category": "sidewalk-defect", "priority": "p1"}).json()
        assert (second["category"]["slug"], second["priority"]) == ("sidewalk-defect", "p1")
        assert dispatcher.listed(q="husova") == [str(ticket)]
        types = [event["type"] for event in dispatcher.get(f"/tickets/{ticket}/history").json()["items"]]
        assert types == [
            "ticket.opened", "ticket.classified", "ticket.numbered", "ticket.assigned", "ticket.corrected",
        ]  # fmt: skip

    def test_what_was_set_aside_is_taken_up_by_a_hand_over(self, office: Office, dispatcher: Person) -> None:
        ticket = office.routed(set_aside=True)
        report_id = dispatcher.get(f"/tickets/{ticket}").json()["report_id"]
        assert dispatcher.get(f"/reports/{report_id}").json()["outcome"] == "set_aside"
        problem(dispatcher.change(ticket, "classification", {"category": "pothole"}), 409, "wrong-state")
        taken = dispatcher.change(
            ticket, "assignment", {"resolver": {"kind": "team", "code": TEAM}, "reason": "no-spam"}
        )
        assert taken.json()["number"] == "2026-000001"
        assert dispatcher.get(f"/reports/{report_id}").json()["outcome"] == "opened"


class TestMessages:
    """The conversation."""

    def test_messages_are_told_in_order_with_what_they_began_with(self, office: Office, dispatcher: Person) -> None:
        ticket = office.routed()
        dispatcher.post(f"/tickets/{ticket}/messages", {"text": "Opravíme.", "visibility": "public"})
        dispatcher.post(f"/tickets/{ticket}/messages", {"text": "Objednat.", "visibility": "internal"})
        office.reports(messages(reply(ticket, text="Děkuji.")))
        told = dispatcher.get(f"/tickets/{ticket}/messages").json()["items"]
        assert [(m["direction"], m["visibility"], m["text"]) for m in told] == [
            ("inbound", "public", "Je tam díra."),
            ("outbound", "public", "Opravíme."),
            ("internal", "internal", "Objednat."),
            ("inbound", "public", "Děkuji."),
        ]
        assert len({message["id"] for message in told}) == 4
        page = dispatcher.get(f"/tickets/{ticket}/messages", limit=3).json()
        rest = dispatcher.get(f"/tickets/{ticket}/messages", limit=3, cursor=page["next"]).json()
        assert (len(page["items"]), len(rest["items"]), rest["next"]) == (3, 1, None)

    def test_the_reporter_cannot_be_answered_before_there_is_a_number(self, office: Office, dispatcher: Person) -> None:
        ticket = office.opened()
        answer = dispatcher.post(f"/tickets/{ticket}/messages", {"text": "Ahoj", "visibility": "public"})
        problem(answer, 409, "not-numbered")

    def test_a_version_is_kept_to_where_it_is_given(self, office: Office, dispatcher: Person) -> None:
        ticket, body = office.routed(), {"text": "x", "visibility": "internal"}
        problem(dispatcher.post(f"/tickets/{ticket}/messages", body, If_Match='"2"'), 412)
        assert dispatcher.post(f"/tickets/{ticket}/messages", body, If_Match='"4"').status_code == 201

    def test_the_same_key_with_the_same_body_is_done_once(self, office: Office, dispatcher: Person) -> None:
        ticket, body = office.routed(), {"text": "Jednou.", "visibility": "internal"}
        path = f"/tickets/{ticket}/messages"
        first = dispatcher.post(path, body, Idempotency_Key="k")
        again = dispatcher.post(path, body, Idempotency_Key="k")
        assert first.json() == again.json()
        assert again.headers["Idempotency-Replayed"] == "true"
        assert len(dispatcher.get(path).json()["items"]) == 2
        problem(dispatcher.post(path, {**body, "text": "Jinak."}, Idempotency_Key="k"), 422, "idempotency-key-reused")
        problem(dispatcher.post(path, body, Idempotency_Key="k" * 201), 422, "idempotency-key-refused")
        colleague = office.person(StaffRole.DISPATCHER)
        assert "Idempotency-Replayed" not in colleague.post(path, body, Idempotency_Key="k").headers


class TestCreation:
    """Somebody called."""

    def test_a_ticket_is_entered_and_waits_for_the_router(self, office: Office, dispatcher: Person) -> None:
        body = {
            "text": "Volala paní, u školy nesvítí lampa.",
            "channel": "phone",
            "reporter": {"name": "občanka", "address": "obcanka@example.test"},
            "place": "u školy",
        }
        answer = dispatcher.post("/tickets", body, Idempotency_Key="call-1")
        assert answer.status_code == 201
        made = answer.json()
        assert answer.headers["Location"] == f"/api/v1/tickets/{made['id']}"
        assert (made["state"], made["number"], made["channel"], made["reports"]) == ("opened", None, "phone", 0)
        again = dispatcher.post("/tickets", body, Idempotency_Key="call-1")
        assert again.json()["id"] == made["id"]
        assert len(dispatcher.listed()) == 1
        office.routings(messages(routing(UUID(made["id"]))))
        assert dispatcher.get(f"/tickets/{made['id']}").json()["number"] == "2026-000001"

    def test_a_ticket_with_a_category_is_numbered_and_assigned_at_once(
        self, office: Office, dispatcher: Person
    ) -> None:
        made = dispatcher.post("/tickets", {"text": "Lampa", "category": "streetlight-out"}).json()
        assert (made["number"], made["state"], made["version"]) == ("2026-000001", "assigned", 4)
        problem(dispatcher.post("/tickets", {"text": "Lampa", "category": "no-such"}), 422, "no-such-category")
        assert (
            dispatcher.post("/tickets", {"text": "Lampa", "category": "streetlight-out"}).json()["number"]
            == "2026-000002"
        )

    def test_a_sealed_ticket_never_travels(
        self, office: Office, dispatcher: Person, database: Database[Document]
    ) -> None:
        answer = dispatcher.post("/tickets", {"text": SECRET, "category": "whistleblowing"})
        assert (answer.status_code, answer.content) == (204, b"")
        assert not any(SECRET in event["body"] for event in database["events"].find({}))

    @pytest.mark.parametrize("received", ["2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z", "2026-12-01T08:00:00", "x"])
    def test_a_time_that_cannot_be_is_refused(self, office: Office, dispatcher: Person, received: str) -> None:
        problem(dispatcher.post("/tickets", {"text": "x", "received_at": received}), 422)

    @pytest.mark.parametrize(
        "body",
        [
            {}, {"text": ""}, {"text": "  "}, {"text": "x" * 20_001}, {"text": {"$gt": ""}}, {"text": "x", "extra": 1},
            {"text": "x", "channel": "pigeon"}, {"text": "x", "reporter": {"address": "not an address"}}, [], "x", None,
        ],
    )  # fmt: skip
    def test_what_is_no_ticket_is_refused(self, office: Office, dispatcher: Person, body: Any) -> None:
        problem(dispatcher.post("/tickets", body), 422)


def test_problems_repeat_nothing_of_what_was_sent(office: Office, dispatcher: Person) -> None:
    canary = "kanarek"
    ticket = office.routed()
    answers = [
        dispatcher.get(f"/{canary}"),
        dispatcher.get("/tickets", **{canary: canary}),
        dispatcher.get("/tickets", limit=canary),
        dispatcher.get(f"/tickets/{canary}"),
        dispatcher.post("/tickets", {canary: canary, "text": [canary]}),
        dispatcher.post("/tickets", {"text": "x", "reporter": {canary: canary}}),
        dispatcher.post(f"/tickets/{ticket}/state", {"state": canary}, If_Match='"4"'),
        dispatcher.post(f"/tickets/{ticket}/state", {"state": "resolved"}, If_Match=canary),
        Person(office.client, canary).get("/me"),
        office.client.post("/api/v1/tickets", content=f'{{"{canary}', headers=dispatcher.headers),
    ]
    for answer in answers:
        assert answer.status_code >= 400
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert canary not in answer.text


def test_wrong_methods_and_large_bodies_are_problems(office: Office, dispatcher: Person) -> None:
    problem(office.client.delete("/api/v1/tickets", headers=dispatcher.headers), 405, "method-not-allowed")
    problem(dispatcher.post("/tickets", {"text": "x" * 2_000_000}), 413, "too-large")

    def endless() -> Iterator[bytes]:
        for _ in range(200):
            yield b"x" * 10_000

    problem(office.client.post("/api/v1/tickets", content=endless(), headers=dispatcher.headers), 413)


def test_a_fault_of_ours_is_a_problem_without_a_word_of_it(
    office: Office, dispatcher: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("obcan@example.test")

    monkeypatch.setattr(Queries, "tickets", broken)
    answer = dispatcher.get("/tickets")
    problem(answer, 500, "unexpected")
    assert "obcan" not in answer.text


def test_a_store_that_is_away_is_told_as_such(office: Office, dispatcher: Person) -> None:
    report_id = dispatcher.get(f"/tickets/{office.routed()}").json()["report_id"]
    problem(dispatcher.get(f"/originals/{report_id}"), 404)
    office.objects.away = True
    answer = dispatcher.get(f"/originals/{report_id}")
    problem(answer, 503, "dependency-away")
    assert answer.headers["Retry-After"]


def test_files_from_outside_are_bytes_and_never_pages_of_ours(office: Office, dispatcher: Person) -> None:
    report_id = dispatcher.get(f"/tickets/{office.routed()}").json()["report_id"]
    folder = f"originals/lipovany/2026-12-01/{report_id}"
    office.objects.put(f"{folder}/raw", b"<script>alert(1)</script>")
    office.objects.put(f"{folder}/parts/part-1", b"\xff\xd8")
    original, part = dispatcher.get(f"/originals/{report_id}"), dispatcher.get(f"/originals/{report_id}/parts/part-1")
    assert original.content == b"<script>alert(1)</script>"
    assert original.headers["Content-Type"] == "application/octet-stream"
    assert part.headers["Content-Type"] == "image/jpeg"
    for answer in (original, part):
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
    problem(dispatcher.get(f"/originals/{report_id}/parts/part-2"), 404)


def test_a_report_tells_what_became_of_it(office: Office, dispatcher: Person) -> None:
    ticket = office.routed()
    follow_up, hinting = reply(ticket), report("Možná", hints=Hints(tickets=[ticket]))
    returned = delivery_reported(ticket_id=None)
    office.reports(messages(follow_up, hinting, returned))
    told = {
        event.data.report_id: dispatcher.get(f"/reports/{event.data.report_id}").json()
        for event in (follow_up, hinting, returned)
    }
    assert [(one["outcome"], one["why"]) for one in told.values()] == [
        ("added", "token-and-sender"),
        ("opened", "no-token"),
        ("delivery_failure", "delivery-report-of-no-case"),
    ]
    assert dispatcher.get(f"/tickets/{ticket_of(hinting)}").json()["maybe_belongs_to"] == [str(ticket)]
    problem(office.person(StaffRole.READER).get(f"/reports/{returned.data.report_id}"), 404)
    problem(dispatcher.get(f"/reports/{uuid4()}"), 404)


def test_a_reply_by_a_member_of_staff_from_his_own_mailbox_is_a_note(office: Office, dispatcher: Person) -> None:
    from contracts.reply_token import TokenRole

    clerk = office.person(StaffRole.RESOLVER, address="referent@lipovany.test")
    ticket = office.routed()
    note = reply(ticket, role=TokenRole.RESOLVER, address="referent@lipovany.test", text="Jedu tam.")
    office.reports(messages(note))
    last = dispatcher.get(f"/tickets/{ticket}/messages").json()["items"][-1]
    assert (last["visibility"], last["text"]) == ("internal", "Jedu tam.")
    office.tokens.revoke(clerk.code)
    other = reply(ticket, role=TokenRole.RESOLVER, address="referent@lipovany.test", text="Už ne.")
    office.reports(messages(other))
    assert dispatcher.get(f"/reports/{other.data.report_id}").json()["outcome"] == "opened"


def test_texts_for_people_are_czech(office: Office, dispatcher: Person) -> None:
    for answer in (dispatcher.get(f"/tickets/{uuid4()}"), dispatcher.get("/tickets", limit=0)):
        document = answer.json()
        assert re.search(r"[áčďéěíňóřšťúůýž]", document["detail"] + document["title"])
