"""P8: what identifies a person is in no log, metric, error text or dead-letter reason.

A run of its own carries a canary in every personal field; then everything that operators see is searched for them.
"""

import uuid
from collections.abc import Iterator

import httpx
import pytest

from deploy.local.ports import Ports
from deploy.local.system import LocalSystem
from kit import dead_letter_box
from kit.messages import Record
from kit.producer import Producer

from .conftest import Town, running_town
from .operating import operator
from .wire import Caught, eventually, letter

pytestmark = [pytest.mark.flow, pytest.mark.integration]

MARK = f"kanarek{uuid.uuid4().hex[:10]}"
SENDER = f"{MARK}-odesilatel@example.test"
REFUSED = f"{MARK}-odmitnuty@example.test"
WATERWORKS = "dispecink@lipske-vodarny.test"
OURS = ("intake-email", "tickets-api", "tickets-worker", "router", "notifier")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town of its own, whose relay refuses one of the canaries."""
    refusing = {"mail-catcher": {"MAIL_CATCHER_REFUSE": "odmitnuty"}, **{name: {"LOG_LEVEL": "DEBUG"} for name in OURS}}
    with running_town(LocalSystem(tmp_path_factory.mktemp("canaries"), Ports.free(), extra=refusing)) as town:
        yield town


def journey(town: Town) -> None:
    """Canaries in sender, name, subject, text, quote, signature, file name, Message-ID, place; then in API and dead letters."""
    text = (
        f"V ulici {MARK}-ulice nesvítí lampa, volejte 601 234 567 {MARK}-telefon.\n\n"
        f"S pozdravem\n{MARK}-podpis\n\nDne 1. 1. 2026 v 10:00 {MARK}-citovany napsal:\n> {MARK}-citat\n"
    )
    mail = letter(f"{SENDER}", f"{MARK}-predmet", text, headers={"Message-ID": f"<{MARK}-id@example.test>"})
    mail.replace_header("From", f"{MARK}-jmeno <{SENDER}>")
    mail.add_attachment(
        b"%PDF-1.4 " + MARK.encode(), maintype="application", subtype="pdf", filename=f"{MARK}-soubor.pdf"
    )
    ticket = town.staff.ticket_of(town.citizen.send(mail, sender=SENDER))
    town.post.one(SENDER, str(ticket["number"]))
    broken = f"From: {MARK}-jmeno <{SENDER}\r\nSubject: =?utf-8?b?{MARK}\r\nContent-Type: {MARK}\r\n\r\n{MARK}".encode()
    town.staff.ticket_of(town.citizen.send(broken, sender=SENDER))
    refused = town.staff.ticket_of(
        town.citizen.send(letter(REFUSED, f"{MARK}", f"V Husově {MARK} nesvítí lampa."), sender=REFUSED)
    )

    identifier = str(ticket["id"])
    town.staff.change(
        identifier, "messages", {"visibility": "public", "text": f"{MARK}-odpoved"}, **{"Idempotency-Key": MARK}
    )
    town.staff.change(identifier, "state", {"state": "in_progress", "words": f"{MARK}-slova"})
    town.staff.change(identifier, "state", {"state": f"{MARK}"})
    town.staff.http.get("/tickets", params={"q": f"{MARK}-hledani"})
    town.staff.http.get(f"/{MARK}-cesta")
    town.staff.http.get("/tickets", params={"cursor": MARK})
    town.staff.http.post("/tickets", json={"text": {"nested": MARK}}, headers={"Idempotency-Key": MARK})
    eventually(
        lambda: any(
            event["type"] == "ticket.delivery_updated"
            for event in town.staff.http.get(f"/tickets/{refused['id']}/history").json()["items"]
        ),
        "the refused mail is shown on its case",
        60,
    )


def by_hand(town: Town) -> None:
    """Canaries in what staff enter: reporter, place, words, and in a member of staff himself."""
    token = town.system.places.root / "canary-token"
    whose = ("--name", f"{MARK}-referent", "--address", f"{MARK}-referent@lipovany.test")
    made = operator(town.system, "tickets", "token", "create", "--role", "resolver", *whose, "--out", str(token))
    code = made.stderr.split()[-1]
    reporter = {"name": f"{MARK}-volajici", "address": f"{MARK}-volajici@example.test"}
    entered = {"text": f"{MARK}-hovor", "subject": f"{MARK}-vec", "place": f"{MARK}-misto", "reporter": reporter}
    ticket = town.staff.routed(town.staff.http.post("/tickets", json=entered).json()["id"])["id"]
    words = {"words": f"{MARK}-zduvodneni", "reason": "by-test"}
    town.staff.change(ticket, "classification", {"category": "pothole", "place": f"{MARK}-jinde", **words})
    assigned = town.staff.change(ticket, "assignment", {"resolver": {"kind": "person", "code": code}, **words})
    assert assigned.json()["resolver"]["name"] == f"{MARK}-referent"
    town.staff.change(ticket, "state", {"state": "rejected", **words})
    town.post.one(f"{MARK}-referent@lipovany.test")
    assert MARK in operator(town.system, "tickets", "token", "list").stdout, "only who asks for it sees the name"


def from_outside(town: Town) -> None:
    """Canaries in a body's answer and in a delivery report about a mail of ours."""
    sender = f"{MARK}-soused@example.test"
    ticket = town.staff.ticket_of(
        town.citizen.send(letter(sender, "Voda", "V Husově ulici neteče voda."), sender=sender)
    )
    assert ticket["resolver"]["kind"] == "body"
    request = town.post.one(WATERWORKS, str(ticket["number"]))
    answer = letter(WATERWORKS, f"{MARK}-odpoved", f"{MARK}-vyrizeno", to=str(request.message["Reply-To"]))
    answered = town.citizen.send(answer, sender=WATERWORKS, to=str(request.message["Reply-To"]))
    eventually(lambda: (town.staff.report(answered) or {}).get("outcome") == "exchange_answer", "the answer is taken")
    acknowledgement = town.post.one(sender, str(ticket["number"]))
    report = delivery_report(acknowledgement, sender)
    returned = town.citizen.send(report, sender="", to=acknowledgement.envelope_from)
    eventually(lambda: (town.staff.report(returned) or {}).get("outcome") == "delivery_failure", "the report is taken")
    shown = town.staff.http.get(f"/tickets/{ticket['id']}/history").json()["items"]
    assert [event["data"]["outcome"] for event in shown if event["type"] == "ticket.delivery_updated"] == ["failed"]


def delivery_report(mail: Caught, recipient: str) -> bytes:
    """What a mail server sends back (RFC 3464)."""
    head = f"From: MAILER-DAEMON@example.test\r\nTo: {mail.envelope_from}\r\nSubject: {MARK}-nedoruceno\r\nMIME-Version: 1.0\r\n"
    kind = 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
    words = f"--b\r\nContent-Type: text/plain\r\n\r\n{MARK}-hlaska\r\n"
    status = (
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.test\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        f"Diagnostic-Code: smtp; 550 {MARK}-diagnoza\r\n\r\n"
    )
    original = (
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {mail.message['Message-ID']}\r\n\r\n--b--\r\n"
    )
    return (head + kind + words + status + original).encode()


def poison(town: Town) -> list[str]:
    """Events that are broken inside their personal part, on every topic; returns the dead letters' reasons."""
    bootstrap = town.system.environment["KAFKA_BOOTSTRAP"]
    producer = Producer(bootstrap, client_id="canaries")
    value = (
        '{"specversion":"1.0","type":"%s","dataschema":"urn:helpdesk:%s:1.0","id":"%s","data":{"personal":{"%s":1,"salt":"%s",'
        '"file_names":{"%s":2},"contacts":{"%s":{"address":3}}}}}'
    )
    kinds = {"reports": "report.received", "ticket-events": "ticket.opened", "routing": "routing.decided",
             "notifications": "notification.sent"}  # fmt: skip
    records = [
        Record(topic, str(uuid.uuid4()).encode(), (value % (kind, kind, MARK, MARK, MARK, MARK, MARK)).encode())
        for topic, kind in kinds.items()
    ]
    assert all(producer.publish_all(records))
    producer.close()
    boxes = [box for box in dead_letter_box.boxes(bootstrap) if box.topic in kinds]

    def letters() -> list[str] | None:
        found = [dead_letter_box.waiting_in(bootstrap, box) for box in boxes]
        if not all(found):
            return None
        return [str(dict(letter.headers)) for letters in found for letter in letters]

    return eventually(letters, "a dead letter for every reader", 60)


def test_no_canary_is_seen_by_those_who_run_the_system(town: Town) -> None:
    journey(town)
    by_hand(town)
    from_outside(town)
    reasons = poison(town)
    assert reasons
    assert not [reason for reason in reasons if MARK in reason.lower()]
    for name in OURS:
        log = (town.system.places.log / f"{name}.log").read_text(errors="replace")
        assert log, f"{name} logs something"
        leaks = [line[:300] for line in log.splitlines() if MARK in line.lower() or "601 234" in line]
        assert not leaks, f"{name}: {leaks[:3]}"
    ports = town.system.ports
    for port in (ports.intake_email_health, ports.tickets_api_health, ports.tickets_worker_health, ports.router_health,
                 ports.notifier_health):  # fmt: skip
        for path in ("metrics", "ready", "live"):
            assert MARK not in httpx.get(f"http://127.0.0.1:{port}/{path}").text.lower()


def test_error_answers_do_not_repeat_what_was_sent(town: Town) -> None:
    answers = [
        town.staff.http.get(f"/{MARK}"),
        town.staff.http.get("/tickets", params={"limit": MARK}),
        town.staff.http.post("/tickets", json={"text": 5, MARK: MARK}, headers={"Idempotency-Key": "1"}),
        town.staff_with(MARK).http.get("/tickets"),
    ]
    assert not [answer.text for answer in answers if MARK in answer.text]
