"""On every read path: who may not see a case gets the same answer as for none."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from pymongo.database import Database

from contracts.reports import Hints
from contracts.types import Confidentiality
from kit.mongo import Document
from tickets.cases.permissions import StaffRole

from .builders import BODY, TEAM, messages, report, routing, ticket_of
from .office import Office, problem

pytestmark = pytest.mark.integration
SECRET = "tajemství oznamovatele"


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

    def test_a_case_that_was_sealed_later_is_named_to_its_officer_alone(self, office: Office) -> None:
        first = office.routed("Výmol", "Je tam díra.")
        second = report("Navazuji", hints=Hints(tickets=[first]))
        office.reports(messages(second))
        naming = ticket_of(second)
        office.routings(messages(routing(naming)))
        dispatcher, officer = office.person(StaffRole.DISPATCHER), office.person(StaffRole.WHISTLEBLOWING_OFFICER)
        rows = {row["id"]: row for row in dispatcher.get("/tickets").json()["items"]}
        assert rows[str(naming)]["maybe_belongs_to"] == [str(first)]
        assert dispatcher.change(first, "classification", {"category": "whistleblowing"}).status_code == 204
        changed = dispatcher.change(naming, "state", {"state": "in_progress"}).json()
        shown = dispatcher.get(f"/tickets/{naming}").json()
        rows = {row["id"]: row for row in dispatcher.get("/tickets").json()["items"]}
        assert [one["maybe_belongs_to"] for one in (changed, shown, rows[str(naming)])] == [[], [], []]
        assert officer.get(f"/tickets/{naming}").json()["maybe_belongs_to"] == [str(first)]

    def test_a_key_that_is_used_again_shows_nothing_of_a_case_that_was_sealed_meanwhile(self, office: Office) -> None:
        dispatcher, ticket = office.person(StaffRole.DISPATCHER), office.routed()
        path, body = f"/tickets/{ticket}/messages", {"text": SECRET, "visibility": "internal"}
        assert dispatcher.post(path, body, Idempotency_Key="k").status_code == 201
        assert dispatcher.change(ticket, "classification", {"category": "whistleblowing"}).status_code == 204
        problem(dispatcher.post(path, body, Idempotency_Key="k"), 404, "not-found")

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
