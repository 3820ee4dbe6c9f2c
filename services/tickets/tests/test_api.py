"""The staff API over a real MongoDB: what it gives, to whom, and how it refuses."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from pymongo.database import Database

from contracts.reports import Hints
from contracts.sample_reports import delivery_reported
from kit.mongo import Document
from kit.verdicts import Clean, Infected, NotScanned, Verdict, Why
from tickets import api
from tickets.cases.permissions import StaffRole
from tickets.staff.queries import Queries

from .builders import BODY, TEAM, Clock, messages, reply, report, ticket_of
from .office import Office, Person, problem
from .test_authorisation import ENDPOINTS

pytestmark = pytest.mark.integration


PATHS = [re.sub(r"\{\w+\}", "{id}", path.removeprefix("/api/v1")) for method, path in ENDPOINTS if method == "GET"]


@pytest.mark.parametrize("path", [*PATHS, "/no-such-path"])
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
    from openapi_spec_validator import validate

    validate(office.client.get("/openapi.json").json())


def test_the_documentation_needs_nothing_from_outside(office: Office) -> None:
    page = office.client.get("/docs").text
    addresses = re.findall(r'(?:src|href|url)\s*[=:]\s*["\']([^"\']+)', page)
    assert any(address.endswith(".js") for address in addresses)
    for address in addresses:
        assert address.startswith("/"), address
        assert office.client.get(address).status_code == 200, address


@pytest.mark.parametrize(
    "path", ["/docs/files/../api.py", "/docs/files/%2e%2e/core.py", "/docs/files/", "/docs/filesystem"]
)
def test_beside_the_documentation_nothing_is_open(office: Office, path: str) -> None:
    assert office.client.get(path).status_code in (401, 404)


def test_every_way_in_which_a_request_can_end_is_documented(office: Office) -> None:
    document = office.client.get("/openapi.json").json()
    assert "HTTPValidationError" not in document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            answers = operation["responses"]
            expected = {"401", "422", "500", "503"} | ({"400", "403", "413"} if method == "post" else set())
            expected |= {"404"} if "{" in path else set()
            assert expected <= answers.keys(), (method, path)
            refusals = [answer for status, answer in answers.items() if int(status) >= 400]
            assert all("application/problem+json" in answer["content"] for answer in refusals), (method, path)


@pytest.mark.parametrize(
    "body", [b"\xff\xfe{", b"{", b"", b"[" * 100_000, b'{"text": "\xed\xa0\x80"}', b'{"text": NaN}']
)
def test_a_body_that_is_no_json_is_refused_as_documented(office: Office, dispatcher: Person, body: bytes) -> None:
    headers = {**dispatcher.headers, "Content-Type": "application/json"}
    answer = office.client.post("/api/v1/tickets", content=body, headers=headers)
    assert answer.status_code in (400, 422), answer.status_code
    problem(answer, answer.status_code)


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


def _with_files(office: Office, dispatcher: Person) -> tuple[str, str]:
    """Addresses of an original and of an attachment that are kept."""
    report_id = dispatcher.get(f"/tickets/{office.routed()}").json()["report_id"]
    folder = f"originals/lipovany/2026-12-01/{report_id}"
    office.objects.put(f"{folder}/raw", b"original")
    office.objects.put(f"{folder}/parts/part-1", b"part")
    return f"/originals/{report_id}", f"/originals/{report_id}/parts/part-1"


def test_what_is_infected_is_kept_and_not_given_out(office: Office, dispatcher: Person) -> None:
    addresses = _with_files(office, dispatcher)
    office.verdict = Infected("Lipovany-Test")
    kept = dict(office.objects.objects)
    for address in addresses:
        told = problem(dispatcher.get(address), 403, "infected")
        assert told["title"] == "Soubor je nakažený"
        assert "(Lipovany-Test)" in told["detail"]
    assert office.objects.objects == kept


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        (Clean(), "clean"),
        (NotScanned(Why.AWAY), "not-scanned"),
        (NotScanned(Why.TOO_LARGE), "not-scanned"),
        (NotScanned(Why.NO_SCANNER), "not-scanned"),
    ],
)
def test_a_file_is_given_out_with_what_the_scanner_says_of_it(
    office: Office, dispatcher: Person, verdict: Verdict, told: str
) -> None:
    original, part = _with_files(office, dispatcher)
    office.verdict = verdict
    for address, content in ((original, b"original"), (part, b"part")):
        answer = dispatcher.get(address)
        assert (answer.content, answer.headers["X-Scan"]) == (content, told)


def test_nothing_is_scanned_for_who_may_not_see_it(office: Office, dispatcher: Person) -> None:
    office.verdict = Infected("Lipovany-Test")
    stranger = office.person(StaffRole.DISPATCHER, municipality="dubna")
    for address in _with_files(office, dispatcher):
        problem(stranger.get(address), 404)


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


def test_every_answer_tells_browsers_to_run_nothing_and_show_it_nowhere(office: Office, dispatcher: Person) -> None:
    answers = [
        dispatcher.get("/me"),
        dispatcher.get("/no-such-path"),
        Person(office.client, None).get("/me"),
        office.client.get("/docs"),
        office.client.get("/openapi.json"),
    ]
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "base-uri 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
        assert "Set-Cookie" not in answer.headers
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert dispatcher.get("/me").headers["Cache-Control"] == "no-store"


def test_refusals_are_logged_without_a_word_of_what_was_sent(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    ticket, reader = office.routed(), office.person(StaffRole.READER)
    Person(office.client, "kanarek").get("/me")
    note = {"text": "kanarek", "visibility": "internal"}
    problem(reader.post(f"/tickets/{ticket}/messages", note), 403)
    events = {record.getMessage(): record for record in caplog.records}
    assert {"token_refused", "action_refused"} <= events.keys()
    assert vars(events["action_refused"])["actor"] == reader.code
    assert "kanarek" not in caplog.text + str([vars(record) for record in caplog.records])
