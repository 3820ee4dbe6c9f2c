"""Bad input of every kind from outside: it gets a clear answer, and nothing is lost or held up by it."""

import json
import re
import smtplib
import struct
import uuid
import zlib
from email.message import EmailMessage
from email.policy import SMTP

import httpx
import pytest

from kit.messages import Record
from kit.producer import Producer

from .conftest import Town
from .test_road import TECHNICAL_SERVICES, citizen_address
from .wire import TOWN, eventually, letter

pytestmark = [pytest.mark.flow, pytest.mark.integration]

# What of a stranger's page a browser would act on; our own pages have none of it.
MARKUP = re.compile(r"<script|onerror|onclick|javascript:|<img", re.IGNORECASE)


def opens_a_case(town: Town, mail: EmailMessage | bytes, sender: str) -> dict[str, object]:
    """Hands it in and expects a case, whatever is in it."""
    return town.staff.ticket_of(town.citizen.send(mail, sender=sender))


def test_a_mail_that_is_too_large_is_refused_with_a_czech_reason(town: Town) -> None:
    sender = citizen_address()
    mail = letter(sender, "Velká příloha", "Posílám video.", photo=b"\xff\xd8" + b"x" * (30 * 1024 * 1024))
    with pytest.raises((smtplib.SMTPDataError, smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused)) as refused:
        town.citizen.send(mail, sender=sender)
    assert "552" in str(refused.value)
    assert "zprava" in str(refused.value).lower() or "zpráva" in str(refused.value).lower()


def test_an_unknown_recipient_is_refused(town: Town) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        town.citizen.send(letter(citizen_address(), "x", "x"), to="nikdo@jinde.test")
    assert "550" in str(refused.value)


def test_ten_thousand_parts_are_one_report(town: Town) -> None:
    sender = citizen_address()
    part = b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n"
    head = f"From: {sender}\r\nTo: {TOWN}\r\nSubject: hodne casti\r\nMIME-Version: 1.0\r\n".encode()
    mail = head + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + part * 10_000 + b"--b--\r\n"
    assert opens_a_case(town, mail, sender)["number"]


def test_a_thousand_levels_are_one_report(town: Town) -> None:
    sender = citizen_address()
    head = f"From: {sender}\r\nTo: {TOWN}\r\nSubject: hluboko\r\nMIME-Version: 1.0\r\n".encode()
    levels = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level) for level in range(1000)
    )
    mail = head + levels + b"Content-Type: text/plain\r\n\r\nv Husove ulici nesviti lampa\r\n"
    assert opens_a_case(town, mail, sender)["number"]


def pixel_bomb() -> bytes:
    """A PNG of 40,000 x 40,000 pixels in a few kilobytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 40_000, 40_000, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 5001 * 400)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_pixel_bomb_is_kept_and_marked_and_never_unpacked(town: Town) -> None:
    sender = citizen_address()
    mail = letter(sender, "Fotka", "V Husově ulici nesvítí lampa.")
    mail.add_attachment(pixel_bomb(), maintype="image", subtype="png", filename="bomba.png")
    ticket = opens_a_case(town, mail, sender)
    assert ticket["number"]
    town.post.one(sender, str(ticket["number"]))


def test_html_of_a_mail_reaches_neither_staff_nor_mailboxes_as_markup(town: Town) -> None:
    sender = citizen_address()
    tricks = "<script>alert(1)</script><img src=x onerror=alert(2)><a href='javascript:alert(3)'>tady</a>"
    mail = letter(sender, "Lampa <script>alert(4)</script>", "")
    mail.set_content(
        f"<p>V Husově ulici <b onclick='alert(5)'>nesvítí</b> lampa, večer je tam úplná tma. {tricks}</p>",
        subtype="html",
    )
    ticket = opens_a_case(town, mail, sender)
    messages = town.staff.http.get(f"/tickets/{ticket['id']}/messages").json()["items"]
    sent = [town.post.one(address, str(ticket["number"])) for address in (sender, TECHNICAL_SERVICES)]
    pages = [part for one in sent for part in one.message.walk() if part.get_content_type() == "text/html"]
    assert pages
    for text in (ticket["text"], *(one["text"] for one in messages), *(page.get_content() for page in pages)):
        assert not MARKUP.search(str(text)), text
    assert "nesvítí lampa" in str(ticket["text"])


def test_a_null_sender_gets_no_answer_and_nothing_is_lost(town: Town) -> None:
    sender = citizen_address()
    mail = letter(sender, "Bez odesílatele obálky", "V Husově ulici nesvítí lampa.")
    ticket = opens_a_case(town, mail.as_bytes(policy=SMTP), "")
    probe = citizen_address()
    number = opens_a_case(town, letter(probe, "Lampa", "V Husově ulici nesvítí lampa."), probe)["number"]
    town.post.one(probe, str(number))
    assert ticket["id"]
    assert town.post.to(sender) == []


@pytest.mark.parametrize(
    "mail",
    [
        b"",
        b"\r\n",
        b"no header at all",
        b"\x00\xff\xfe\x80 binary \x00",
        b"Subject: =?utf-8?b?broken\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!",
        b"Content-Type: text/plain; charset=no-such-charset\r\n\r\n\xe8\xe1\xbe",
        b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b"From: a@b@c, <<>>\r\nDate: yesterday\r\nMessage-ID:\r\n\r\ntext",
        b"Subject: " + b"x" * 900 + b"\r\n\r\n" + b"y" * 900,
    ],
    ids=["empty", "blank", "no-header", "binary", "broken-words", "charset", "boundary", "addresses", "long"],
)
def test_broken_mail_is_a_report_all_the_same(town: Town, mail: bytes) -> None:
    sender = citizen_address()
    unique = b"X-Once: " + uuid.uuid4().hex.encode() + b"\r\n" if b"\r\n\r\n" in mail else b""
    report = town.citizen.send(unique + mail, sender=sender)
    eventually(lambda: town.staff.report(report), "the report is registered")


def test_a_loop_of_two_helpdesks_ends_by_itself(town: Town) -> None:
    other = f"urad-{uuid.uuid4().hex[:6]}@jinde.test"

    def answered_or_held_back(ticket: dict[str, object]) -> str | None:
        if town.post.to(other, str(ticket["number"])):
            return "answered"
        history = town.staff.http.get(f"/tickets/{ticket['id']}/history").json()["items"]
        return "held back" if any(event["type"] == "ticket.delivery_updated" for event in history) else None

    for round_number in range(40):
        # A helpdesk that keeps to no rule: no marks, a new subject, to the town's plain address.
        report = letter(other, f"Výtluk {round_number}", "Potvrzujeme příjem: výtluk v Husově ulici, díra ve vozovce.")
        ticket = town.staff.ticket_of(town.citizen.send(report))
        fate = eventually(lambda ticket=ticket: answered_or_held_back(ticket), "answered or held back")  # type: ignore[misc]
        if fate == "held back":
            break
    else:
        pytest.fail("forty mails and no end")
    assert 1 <= len(town.post.to(other)) <= 15


def produced(town: Town, topic: str, value: bytes) -> str:
    """Puts a record on a topic past all services; returns its key."""
    key = str(uuid.uuid4())
    producer = Producer(town.system.environment["KAFKA_BOOTSTRAP"], client_id="bad-input")
    assert producer.publish_all([Record(topic, key.encode(), value)]) == [True]
    producer.close()
    return key


@pytest.mark.parametrize("topic", ["reports", "ticket-events", "routing", "notifications"])
@pytest.mark.parametrize(
    "value",
    [
        b"\xff\xfe not json",
        b'{"type": "no.such_event", "dataschema": "urn:helpdesk:no.such_event:1.0"}',
        b'{"type": "ticket.opened", "dataschema": "urn:helpdesk:ticket.opened:9.0"}',
    ],
    ids=["undecodable", "unknown-type", "unknown-version"],
)
def test_a_record_that_is_no_event_goes_to_the_dead_letters_and_the_road_goes_on(
    town: Town, topic: str, value: bytes
) -> None:
    from kit import dead_letter_box

    key = produced(town, topic, value)
    bootstrap = town.system.environment["KAFKA_BOOTSTRAP"]
    boxes = [box for box in dead_letter_box.boxes(bootstrap) if box.topic == topic]
    assert boxes
    for box in boxes:
        letter_found = eventually(
            lambda box=box: [m for m in dead_letter_box.waiting_in(bootstrap, box) if m.key == key.encode()],  # type: ignore[misc]
            f"a dead letter in {box.name}",
            60,
        )[0]
        assert letter_found.value == value
    sender = citizen_address()
    ticket = opens_a_case(town, letter(sender, "Lampa", "V Husově ulici nesvítí lampa."), sender)
    town.post.one(sender, str(ticket["number"]))


def problem(answer: httpx.Response, status: int) -> dict[str, object]:
    """The answer is a problem document of this status."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    document: dict[str, object] = json.loads(answer.content)
    assert document["status"] == status
    return document


def test_operators_of_the_database_are_only_text(town: Town) -> None:
    for query in ({"q": '{"$ne": null}'}, {"q": "$where"}, {"q": "a" * 200}):
        assert town.staff.http.get("/tickets", params=query).json()["items"] == []
    for query in ({"category": '{"$gt": ""}'}, {"state": "$ne"}, {"resolver[$ne]": "x", "cursor": "{}"}):
        answer = town.staff.http.get("/tickets", params=query)
        assert answer.status_code in (200, 400, 422)
        assert answer.status_code != 200 or answer.json()["items"] == []


def test_an_enormous_page_is_refused(town: Town) -> None:
    for limit in ("100000", "-1", "0", "x", "9" * 400):
        problem(town.staff.http.get("/tickets", params={"limit": limit}), 422)


def test_an_enormous_body_is_refused(town: Town) -> None:
    body = {"text": "x" * 5_000_000, "channel": "phone"}
    assert town.staff.http.post("/tickets", json=body, headers={"Idempotency-Key": "big"}).status_code in (413, 422)


def test_a_change_without_or_with_a_wrong_etag_is_refused(town: Town) -> None:
    sender = citizen_address()
    ticket = opens_a_case(town, letter(sender, "Lampa", "V Husově ulici nesvítí lampa."), sender)
    body = {"state": "in_progress"}
    problem(town.staff.http.post(f"/tickets/{ticket['id']}/state", json=body), 428)
    problem(town.staff.change(str(ticket["id"]), "state", body, **{"If-Match": '"1"'}), 412)
    assert town.staff.change(str(ticket["id"]), "state", body).status_code == 200


def test_unknown_paths_methods_and_bodies_are_problems(town: Town) -> None:
    problem(town.staff.http.get("/no-such-thing"), 404)
    problem(town.staff.http.delete("/tickets"), 405)
    broken = town.staff.http.post("/tickets", content=b"{", headers={"Content-Type": "application/json"})
    assert broken.status_code in (400, 422)
    assert broken.headers["Content-Type"].startswith("application/problem+json")


def test_a_bad_pack_is_named_with_file_line_reason_and_remedy(town: Town, tmp_path: object) -> None:
    import shutil
    import subprocess
    import sys
    from pathlib import Path

    from deploy.local.places import PROJECT

    folder = Path(str(tmp_path)) / "packs"
    shutil.copytree(PROJECT / "packs" / "cz-town", folder / "cz-town")
    shutil.copytree(PROJECT / "packs" / "lipovany", folder / "lipovany")
    teams = folder / "lipovany" / "teams.yaml"
    teams.write_text(teams.read_text() + "\nno_such_key: 1\n")
    command = [sys.executable, "-m", "packs", "check", str(folder / "lipovany")]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT)
    assert answer.returncode == 1
    assert "teams.yaml:" in answer.stdout + answer.stderr
    assert "no_such_key" in answer.stdout + answer.stderr
