"""The catcher as a process, as the system starts it; mails go in by real SMTP."""

import http.client
import os
import smtplib
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest

from deploy.local.mail_catcher import keep
from deploy.local.mail_page import answer_to, list_page, mail_page, plain_text, read_mail
from deploy.local.places import Places
from deploy.local.ports import HOST, Ports
from deploy.local.system import LocalSystem

from .waiting import wait_until

NO_OTHER_SERVERS = {"KAFKA_BOOTSTRAP": "unused:1", "MONGODB_URI": "mongodb://unused", "S3_ENDPOINT": "http://unused"}
NAME = "01700000000000000000-000001.eml"


@contextmanager
def catcher(root: Path, **settings: str) -> Iterator[tuple[Places, Ports]]:
    extra = {"mail-catcher": {f"MAIL_CATCHER_{name}": value for name, value in settings.items()}}
    with LocalSystem(root, Ports.free(), existing=NO_OTHER_SERVERS, extra=extra) as system:
        system.start_servers()
        yield system.places, system.ports


def mail(subject: str = "Zkouška", text: str = "Příliš žluťoučký kůň\n") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "mesto@lipovany.test", "obcan@example.test", subject
    message.set_content(text)
    return message


def mail_page_of(directory: Path, message: EmailMessage) -> str | None:
    keep(directory, NAME, message.as_bytes())
    return mail_page(directory, NAME)


def caught(places: Places) -> list[Path]:
    return sorted(places.mail.glob("*.eml"))


def test_a_mail_is_kept_as_it_came_under_its_envelope_in_the_order_of_arrival(tmp_path: Path) -> None:
    raw = b"Subject: one\r\nX-Long: " + b"x" * 5000 + b"\r\n\r\n.dot and 8 bit \xc3\xa9\r\n"
    with catcher(tmp_path) as (places, ports):
        with smtplib.SMTP(HOST, ports.mail_catcher) as connection:
            connection.sendmail("mesto@lipovany.test", ["a@example.test", "b@example.test"], raw, ["BODY=8BITMIME"])
            # 250 has been said, so the file is there: no waiting.
            assert len(caught(places)) == 1
            connection.send_message(mail())
        first, second = caught(places)
        envelope = b"X-Envelope-From: mesto@lipovany.test\r\nX-Envelope-To: a@example.test, b@example.test\r\n"
        assert first.read_bytes() == envelope + raw
        assert plain_text(read_mail(second)) == "Příliš žluťoučký kůň\n"


def test_mails_outlive_the_catcher_and_a_half_written_one_does_not(tmp_path: Path) -> None:
    with catcher(tmp_path) as (places, ports), smtplib.SMTP(HOST, ports.mail_catcher) as connection:
        connection.send_message(mail())
    torn = places.mail / ".00000000000000000001-000001.eml.new"
    torn.write_bytes(b"half of a ma")
    with catcher(tmp_path) as (places, ports):
        assert len(caught(places)) == 1
        assert not torn.exists()


def test_what_cannot_be_kept_now_is_put_off_and_not_refused_for_ever(tmp_path: Path) -> None:
    with catcher(tmp_path) as (places, ports), smtplib.SMTP(HOST, ports.mail_catcher) as connection:
        # As good as a full disk, which a test cannot order.
        places.mail.rename(tmp_path / "elsewhere")
        with pytest.raises(smtplib.SMTPDataError) as refusal:
            connection.send_message(mail())
        assert refusal.value.smtp_code == 452
        (tmp_path / "elsewhere").rename(places.mail)
        connection.send_message(mail())
        assert len(caught(places)) == 1


def test_named_recipients_are_refused_or_put_off_and_others_get_their_mail(tmp_path: Path) -> None:
    with catcher(tmp_path, REFUSE="^gone@", LATER="^busy@") as (places, ports):
        with smtplib.SMTP(HOST, ports.mail_catcher) as connection:
            recipients = ["gone@example.test", "busy@example.test", "here@example.test"]
            refused = connection.send_message(mail(), to_addrs=recipients)
        assert {address: code for address, (code, _) in refused.items()} == {
            "gone@example.test": 550,
            "busy@example.test": 451,
        }
        assert read_mail(caught(places)[0])["x-envelope-to"] == "here@example.test"


def test_a_held_recipient_holds_up_nobody_else(tmp_path: Path) -> None:
    with (
        catcher(tmp_path, HOLD="^slow@", HOLD_SECONDS="60") as (places, ports),
        smtplib.SMTP(HOST, ports.mail_catcher) as slow,
        smtplib.SMTP(HOST, ports.mail_catcher) as quick,
    ):
        slow.ehlo()
        slow.mail("mesto@lipovany.test")
        slow.putcmd("rcpt", "TO:<slow@example.test>")
        quick.send_message(mail())
        assert len(caught(places)) == 1
        # Otherwise the client would wait for the answer to its goodbye.
        slow.close()


def test_many_connections_at_once_lose_nothing(tmp_path: Path) -> None:
    with catcher(tmp_path) as (places, ports):

        def send(sender: int) -> None:
            with smtplib.SMTP(HOST, ports.mail_catcher) as connection:
                for number in range(10):
                    connection.send_message(mail(f"{sender}-{number}"))

        threads = [threading.Thread(target=send, args=(sender,)) for sender in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        subjects = {str(read_mail(path)["subject"]) for path in caught(places)}
        assert subjects == {f"{sender}-{number}" for sender in range(8) for number in range(10)}


def test_the_page_shows_a_mail_over_http_and_no_other_file(tmp_path: Path) -> None:
    with catcher(tmp_path) as (places, ports):
        with smtplib.SMTP(HOST, ports.mail_catcher) as connection:
            connection.send_message(mail("Přijali jsme Vaše hlášení"))
        name = caught(places)[0].name
        (places.root / "secret.eml").write_text("Subject: secret\n\n")

        def get(path: str) -> tuple[int, str]:
            connection = http.client.HTTPConnection(HOST, ports.mail_page)
            connection.request("GET", path)
            answer = connection.getresponse()
            text = answer.read().decode()
            connection.close()
            return answer.status, text

        assert get("/") == (200, list_page(places.mail))
        assert "Přijali jsme Vaše hlášení" in get("/")[1]
        assert "žluťoučký" in get(f"/mail/{name}")[1]
        for stranger in ("/mail/../secret.eml", "/mail/..%2fsecret.eml", f"/mail/{NAME}", "/secret.eml", "/mail/"):
            assert get(stranger)[0] == 404


def test_nothing_of_a_mail_becomes_part_of_the_page(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    message = mail(subject=evil, text=evil)
    message.add_attachment(b"x", maintype="application", subtype="pdf", filename=f"{evil}.pdf")
    del message["To"]
    message["To"] = f'"{evil}" <obcan@example.test>'
    keep(tmp_path, NAME, b"X-Envelope-To: <script>\r\n" + message.as_bytes())
    for page in (list_page(tmp_path), mail_page(tmp_path, NAME) or ""):
        assert "&lt;script&gt;" in page
        assert "<script" not in page


def test_an_html_part_is_shown_in_a_frame_that_may_do_nothing(tmp_path: Path) -> None:
    message = mail(text="prostý text")
    message.add_alternative('<p title="x">bohatý</p><script>alert(1)</script>', subtype="html")
    keep(tmp_path, NAME, message.as_bytes())
    page = mail_page(tmp_path, NAME) or ""
    assert "prostý text" in page
    assert '<iframe sandbox="" ' in page
    assert 'srcdoc="&lt;p title=&quot;x&quot;&gt;bohatý' in page
    assert "<iframe" not in (mail_page_of(tmp_path, mail()) or "")


def test_who_when_and_on_a_small_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Prague")
    time.tzset()
    try:
        message = mail()
        message["Date"] = "Wed, 25 Nov 2026 22:30:00 +0000"
        page = mail_page_of(tmp_path, message) or ""
        assert "<dt>Komu</dt><dd>obcan@example.test</dd><dt>Kdy</dt><dd>25. 11. 2026 23:30:00</dd>" in page
        assert "25. 11. 2026 23:30:00" in list_page(tmp_path)
        assert 'name="viewport"' in page
        # Without a date of its own, when it was caught.
        assert "<dt>Kdy</dt><dd>14. 11. 2023 23:13:20</dd>" in (mail_page_of(tmp_path, mail()) or "")
    finally:
        monkeypatch.undo()
        time.tzset()


def test_an_attachment_is_a_file_to_keep_under_a_type_that_nothing_executes(tmp_path: Path) -> None:
    message = mail()
    message.add_attachment(b"png", maintype="image", subtype="png", filename="díra.png")
    message.add_attachment("<script>", subtype="html", filename="evil.html")
    message.add_attachment(mail("uvnitř"))
    page = mail_page_of(tmp_path, message) or ""
    assert f'<a href="/mail/{NAME}/1">díra.png</a>' in page
    photo, evil, inner = (answer_to(tmp_path, f"/mail/{NAME}/{number}") for number in (1, 2, 3))
    assert (photo.content_type, photo.body) == ("image/png", b"png")
    assert photo.headers == {"Content-Disposition": "attachment; filename*=UTF-8''d%C3%ADra.png"}
    assert (evil.content_type, inner.content_type) == ("application/octet-stream",) * 2
    assert b"<script>" in evil.body
    assert b"Subject:" in inner.body
    assert {answer.policy for answer in (photo, evil, inner)} == {"default-src 'none'; sandbox"}
    for absent in (0, 4, 9999):
        assert answer_to(tmp_path, f"/mail/{NAME}/{absent}").status == 404


def test_mails_are_for_their_owner_alone(tmp_path: Path) -> None:
    with catcher(tmp_path) as (places, ports), smtplib.SMTP(HOST, ports.mail_catcher) as connection:
        connection.send_message(mail())
    assert stat.S_IMODE(places.mail.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in caught(places)] == [0o600]


def test_the_newest_mail_stands_first(tmp_path: Path) -> None:
    keep(tmp_path, "01700000000000000000-000001.eml", mail("starší").as_bytes())
    keep(tmp_path, "01700000000000000009-000002.eml", mail("novější").as_bytes())
    page = list_page(tmp_path)
    assert page.index("novější") < page.index("starší")


@pytest.mark.parametrize(
    "raw", [b"", b"\xff\xfe\x00", b"Content-Type: multipart/mixed\r\n\r\n", b"Subject: =?x?q?=ff?=\r\n\r\n"]
)
def test_a_broken_mail_is_shown_as_well_as_it_can_be(tmp_path: Path, raw: bytes) -> None:
    keep(tmp_path, NAME, raw)
    assert NAME in list_page(tmp_path)
    assert mail_page(tmp_path, NAME)


def test_the_catcher_is_gone_with_its_system(tmp_path: Path) -> None:
    with catcher(tmp_path) as (_, ports):
        pass
    wait_until(lambda: _refused(ports.mail_catcher))
    assert os.listdir(tmp_path / "run") == ["lock"]


def _refused(port: int) -> bool:
    try:
        smtplib.SMTP(HOST, port).close()
    except ConnectionRefusedError:
        return True
    return False
