"""Changes over the API: on a version, by the tables, told in the history; messages; tickets entered by hand."""

from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest
from prometheus_client import REGISTRY
from pymongo.database import Database

from contracts.routing import RoutingPersonal
from contracts.sample_reports import pseudonym_of
from contracts.tickets import FurtherMatter
from contracts.types import Confidentiality
from kit.mongo import Document
from tickets.cases.permissions import StaffRole
from tickets.cases.town import Town

from .builders import BODY, TEAM, messages, reply, routing
from .office import Office, Person, problem

pytestmark = pytest.mark.integration
SECRET = "tajemství oznamovatele"
BAD_ADDRESSES = (
    "a@....",
    "a\0b@x.test",
    "a..b@x.test",
    ".a@x.test",
    "a@-",
    "a@x",
    "a\u202eb@x.test",
    "a b@x.test",
    "a@x.test\n",
)


class TestChanges:
    """Every change rests on a version and is told in the history."""

    def test_a_change_without_a_version_or_on_an_old_one_is_refused(self, office: Office, dispatcher: Person) -> None:
        ticket, body = office.routed(), {"state": "in_progress"}
        problem(dispatcher.post(f"/tickets/{ticket}/state", body), 428, "version-missing")
        for wrong in ('"3"', '"5"', "4", '"x"', '"3", "5"', 'W/"', '"99999999999999999999"'):
            problem(dispatcher.post(f"/tickets/{ticket}/state", body, If_Match=wrong), 412, "version-differs")
        answer = dispatcher.post(f"/tickets/{ticket}/state", body, If_Match='W/"4"')
        assert (answer.status_code, answer.headers["ETag"]) == (200, '"5"')
        problem(dispatcher.post(f"/tickets/{ticket}/state", body, If_Match='"4"'), 412)

    def test_states_change_by_the_table_only(self, office: Office, dispatcher: Person) -> None:
        ticket = office.routed()
        refused = problem(dispatcher.change(ticket, "state", {"state": "closed"}), 409, "wrong-state")
        assert "in_progress" in refused["ways"]
        problem(dispatcher.change(ticket, "state", {"state": "rejected"}), 422, "reason-missing")
        problem(dispatcher.change(ticket, "state", {"state": "rejected", "reason": "not-ours"}), 422, "words-missing")
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

    def test_a_team_hears_when_somebody_else_moves_its_case(
        self, office: Office, dispatcher: Person, database: Database[Document]
    ) -> None:
        ticket, own = office.routed(), office.person(StaffRole.RESOLVER, teams=(TEAM,))

        def told() -> set[str]:
            newest = database["events"].find_one({"ticket_id": ticket}, sort=[("sequence", -1)])
            return {one["role"] for one in orjson.loads((newest or {})["body"])["data"]["participants"]}

        own.change(ticket, "state", {"state": "in_progress"})
        assert told() == {"reporter"}
        dispatcher.change(ticket, "state", {"state": "resolved"})
        assert told() == {"reporter", "resolver"}

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

    def test_a_correction_of_the_router_is_counted(self, office: Office, dispatcher: Person) -> None:
        labels = {"category": "pothole", "by": "router"}
        before = REGISTRY.get_sample_value("helpdesk_corrected_total", labels) or 0
        ticket = office.routed()
        for category in ("pothole", "sidewalk-defect"):
            assert dispatcher.change(ticket, "classification", {"category": category}).status_code == 200
        assert REGISTRY.get_sample_value("helpdesk_corrected_total", labels) == before + 1

    def test_further_matters_are_shown_with_the_case_and_in_its_history(
        self, office: Office, dispatcher: Person
    ) -> None:
        offered = {"category": "streetlight-out", "text": "Na rohu taky nesvítí lampa."}
        ticket = office.routed(personal=RoutingPersonal(further=[FurtherMatter(**offered)]))
        assert dispatcher.get(f"/tickets/{ticket}").json()["further"] == [offered]
        events = dispatcher.get(f"/tickets/{ticket}/history").json()["items"]
        assert [event["further"] for event in events if event["type"] == "ticket.classified"] == [[offered]]

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

    def test_who_solves_a_case_himself_is_not_mailed_what_he_does(
        self, office: Office, dispatcher: Person, database: Database[Document]
    ) -> None:
        ticket = office.routed()
        person = office.person(StaffRole.RESOLVER, name="referent", address="referent@lipovany.test")
        choice = {"kind": "person", "code": person.code}
        dispatcher.change(ticket, "assignment", {"resolver": choice, "reason": "yours"})

        def told() -> list[str]:
            newest = database["events"].find_one({"ticket_id": ticket}, sort=[("sequence", -1)])
            contacts = orjson.loads((newest or {})["body"])["data"]["personal"].get("contacts", {})
            return [contact["address"] for contact in contacts.values()]

        assert sorted(told()) == ["referent@lipovany.test", "technicke-sluzby@lipovany.test"]
        note = {"text": "Objednáno.", "visibility": "internal"}
        assert person.change(ticket, "messages", note).status_code == 201
        assert told() == []
        assert dispatcher.change(ticket, "messages", note).status_code == 201
        assert told() == ["referent@lipovany.test"]

    def test_what_cannot_be_sealed_is_refused_clearly(self, office: Office, dispatcher: Person) -> None:
        ticket = office.routed()
        towns = office.towns
        pack = towns["lipovany"].pack
        assert pack is not None
        ordinary = [one for one in pack.categories if one.confidentiality != Confidentiality.SEALED]
        towns["lipovany"] = Town("lipovany", pack.model_copy(update={"categories": ordinary}), pseudonym_of)
        sealed = {"category": "pothole", "confidentiality": "sealed"}
        problem(dispatcher.change(ticket, "classification", sealed), 422, "nobody-for-sealed")

    def test_a_mistyped_degree_seals_nothing(self, office: Office, dispatcher: Person) -> None:
        ticket = office.routed()
        wrongs: list[Any] = ["opne", "OPEN", "", 5, True, {}, []]
        for wrong in wrongs:
            problem(dispatcher.change(ticket, "classification", {"category": "pothole", "confidentiality": wrong}), 422)
        answer = dispatcher.change(ticket, "classification", {"category": "whistleblowing", "confidentiality": "open"})
        problem(answer, 422, "sealed-category")
        assert dispatcher.get(f"/tickets/{ticket}").json()["confidentiality"] == "open"

    def test_what_was_set_aside_by_mistake_goes_back_to_whoever_had_it(
        self, office: Office, dispatcher: Person
    ) -> None:
        ticket = office.routed()
        dispatcher.change(ticket, "state", {"state": "set_aside", "reason": "mistake"})
        back = {"resolver": {"kind": "team", "code": TEAM}, "reason": "mistake"}
        assert dispatcher.change(ticket, "assignment", back).json()["state"] == "assigned"

    def test_a_sealed_case_goes_back_from_a_person_to_the_competent_team(self, office: Office) -> None:
        ticket = office.routed(
            category="whistleblowing", team="prislusna-osoba", confidentiality=Confidentiality.SEALED
        )
        officer = office.person(StaffRole.WHISTLEBLOWING_OFFICER)
        for kind, code in (("person", officer.code), ("team", "prislusna-osoba")):
            answer = officer.change(ticket, "assignment", {"resolver": {"kind": kind, "code": code}, "reason": "x"})
            assert answer.status_code == 200, answer.text

    def test_what_nobody_has_classified_goes_to_no_body(self, office: Office, dispatcher: Person) -> None:
        answer = dispatcher.change(office.opened(), "assignment", {"resolver": {"kind": "body", "code": BODY}})
        problem(answer, 409, "not-classified")

    def test_a_sealed_case_can_be_worked_on_after_its_category_left_the_pack(self, office: Office) -> None:
        ticket = office.routed(
            category="whistleblowing", team="prislusna-osoba", confidentiality=Confidentiality.SEALED
        )
        officer, pack = office.person(StaffRole.WHISTLEBLOWING_OFFICER), office.towns["lipovany"].pack
        assert pack is not None
        ordinary = [one for one in pack.categories if one.confidentiality != Confidentiality.SEALED]
        office.towns["lipovany"] = Town("lipovany", pack.model_copy(update={"categories": ordinary}), pseudonym_of)
        answer = officer.change(ticket, "classification", {"category": "pothole"})
        assert answer.json()["confidentiality"] == "sealed"
        assert officer.change(ticket, "state", {"state": "resolved"}).status_code == 200

    def test_a_closed_case_that_becomes_sealed_is_not_reopened(self, office: Office, dispatcher: Person) -> None:
        ticket, officer = office.routed(), office.person(StaffRole.WHISTLEBLOWING_OFFICER)
        for state in ("resolved", "closed"):
            dispatcher.change(ticket, "state", {"state": state})
        assert dispatcher.change(ticket, "classification", {"category": "whistleblowing"}).status_code == 204
        sealed = officer.get(f"/tickets/{ticket}").json()
        assert (sealed["state"], sealed["resolver"]["code"]) == ("closed", "prislusna-osoba")

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

    def test_whoever_has_no_address_is_not_answered_into_the_void(self, office: Office, dispatcher: Person) -> None:
        made = dispatcher.post("/tickets", {"text": "Volal pán.", "category": "pothole"}).json()
        answer = dispatcher.post(f"/tickets/{made['id']}/messages", {"text": "Opravíme.", "visibility": "public"})
        problem(answer, 409, "no-address")

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

    @pytest.mark.parametrize(
        "address", ["a@x.test", "obcan.osm+obec@posta.example.test", "jiří@example.test", "o'b_-@x-y.test"]
    )
    def test_a_usual_address_is_taken(self, office: Office, dispatcher: Person, address: str) -> None:
        assert dispatcher.post("/tickets", {"text": "x", "reporter": {"address": address}}).status_code == 201

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

    def test_whoever_enters_a_ticket_reads_it_while_nobody_has_it_yet(self, office: Office) -> None:
        clerk, colleague = (office.person(StaffRole.RESOLVER, teams=(TEAM,)) for _ in range(2))
        answer = clerk.post("/tickets", {"text": "Volal pán."}, Idempotency_Key="call-1")
        assert answer.status_code == 201
        made = answer.json()
        assert (made["confidentiality"], made["text"]) == ("restricted", "Volal pán.")
        assert clerk.get(f"/tickets/{made['id']}").status_code == 200
        assert clerk.listed() == [made["id"]]
        assert clerk.post("/tickets", {"text": "Volal pán."}, Idempotency_Key="call-1").json()["id"] == made["id"]
        problem(colleague.get(f"/tickets/{made['id']}"), 404)
        officer = office.person(StaffRole.DISPATCHER, StaffRole.WHISTLEBLOWING_OFFICER)
        sealed = clerk.post("/tickets", {"text": "Tajné."}, Idempotency_Key="call-2").json()["id"]
        officer.change(UUID(sealed), "classification", {"category": "whistleblowing"})
        replayed = clerk.post("/tickets", {"text": "Tajné."}, Idempotency_Key="call-2")
        assert (replayed.status_code, replayed.headers.get("ETag")) == (204, None)
        assert colleague.listed() == []
        problem(clerk.change(UUID(made["id"]), "state", {"state": "set_aside"}), 403)

    def test_the_competent_person_enters_what_was_told_to_him(self, office: Office) -> None:
        officer = office.person(StaffRole.WHISTLEBLOWING_OFFICER)
        made = officer.post("/tickets", {"text": SECRET, "category": "whistleblowing"}).json()
        assert (made["confidentiality"], made["text"], made["state"]) == ("sealed", SECRET, "assigned")

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
            {"text": "\u200b\u2066"}, *({"text": "x", "reporter": {"address": address}} for address in BAD_ADDRESSES),
        ],
    )  # fmt: skip
    def test_what_is_no_ticket_is_refused(self, office: Office, dispatcher: Person, body: Any) -> None:
        problem(dispatcher.post("/tickets", body), 422)
