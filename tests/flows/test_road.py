"""The road: an e-mail becomes a ticket, somebody's task and an answer. Known from outside only."""

import io
import uuid

import pytest
from PIL import ExifTags, Image

from .conftest import Town
from .wire import Caught, eventually, letter

pytestmark = [pytest.mark.flow, pytest.mark.integration]

TECHNICAL_SERVICES = "technicke-sluzby@lipovany.test"


def citizen_address() -> str:
    """Somebody who has never written before."""
    return f"obcan-{uuid.uuid4().hex[:8]}@example.test"


def photo() -> bytes:
    """A JPEG that knows where it was taken."""
    exif = Image.Exif()
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place.update({1: "N", 2: (49.0, 37.0, 52.3), 3: "E", 4: (17.0, 5.0, 43.4)})
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (90, 80, 70)).save(out, "JPEG", exif=exif)
    return out.getvalue()


def reported(town: Town, sender: str, subject: str, text: str, *, picture: bytes | None = None) -> dict[str, object]:
    """Hands a report in and waits for its case."""
    report = town.citizen.send(letter(sender, subject, text, photo=picture))
    return town.staff.ticket_of(report)


def acknowledged(town: Town, sender: str, number: object) -> Caught:
    """Waits for the acknowledgement with the case's number."""
    return town.post.one(sender, str(number))


def test_a_report_with_a_photo_is_registered_given_to_its_resolver_and_acknowledged(town: Town) -> None:
    sender = citizen_address()
    ticket = reported(
        town,
        sender,
        "Nesvítí lampa",
        "Dobrý den, v Lipové ulici u čísla 12 nesvítí lampa veřejného osvětlení.",
        picture=photo(),
    )
    assert ticket["category"]["slug"] == "streetlight-out"  # type: ignore[index]
    assert ticket["resolver"]["code"] == "technicke-sluzby"  # type: ignore[index]

    acknowledgement = acknowledged(town, sender, ticket["number"])
    assert "Nesvítí nebo špatně svítí lampa" in acknowledgement.text
    assert "Lipov" in acknowledgement.text
    assert "osobni-udaje" in acknowledgement.text
    assert acknowledgement.message["Auto-Submitted"] == "auto-replied"
    assert acknowledgement.message["In-Reply-To"]

    task = town.post.one(TECHNICAL_SERVICES, str(ticket["number"]))
    assert "nesvítí lampa veřejného osvětlení" in task.text
    assert [part.get_content_type() for part in task.attachments] == ["image/jpeg"]
    assert len(town.post.to(sender)) == 1


def test_a_clerk_answers_and_each_change_reaches_the_reporter(town: Town) -> None:
    sender = citizen_address()
    ticket = reported(town, sender, "Výtluk", "V Husově ulici je velký výtluk ve vozovce, díra jako kráter.")
    acknowledged(town, sender, ticket["number"])
    identifier = str(ticket["id"])

    answer = town.staff.change(
        identifier, "messages", {"visibility": "public", "text": "Díru zasypeme v úterý."}, **{"Idempotency-Key": "a1"}
    )
    assert answer.status_code == 201, answer.text
    told = town.post.one(sender, "Díru zasypeme v úterý.")
    assert told.message["Auto-Submitted"] is None

    note = town.staff.change(
        identifier,
        "messages",
        {"visibility": "internal", "text": "Interní: objednat asfalt."},
        **{"Idempotency-Key": "a2"},
    )
    assert note.status_code == 201

    for state in ("in_progress", "resolved"):
        changed = town.staff.change(identifier, "state", {"state": state, "words": "Zasypáno a uválcováno."})
        assert changed.status_code == 200, changed.text
    town.post.one(sender, "Vyřešeno")
    assert not any("objednat asfalt" in mail.text for mail in town.post.to(sender))

    history = town.staff.http.get(f"/tickets/{identifier}/history").json()["items"]
    assert [event["sequence"] for event in history] == list(range(1, len(history) + 1))
    assert history[0]["type"] == "ticket.opened"


def test_a_reply_with_the_token_by_the_same_sender_is_a_message_of_the_case(town: Town) -> None:
    sender = citizen_address()
    ticket = reported(town, sender, "Plný koš", "Na náměstí přetéká odpadkový koš.")
    acknowledgement = acknowledged(town, sender, ticket["number"])
    reply_to = str(acknowledgement.message["Reply-To"].addresses[0].addr_spec)

    report = town.citizen.send(
        letter(sender, "Re: potvrzení", "Ještě doplňuji: je to ten u kašny.", to=reply_to), to=reply_to
    )
    outcome = eventually(lambda: town.staff.report(report), "the reply is registered")
    assert (outcome["outcome"], outcome["ticket_id"]) == ("added", ticket["id"])
    messages = town.staff.http.get(f"/tickets/{ticket['id']}/messages").json()["items"]
    assert "u kašny" in messages[-1]["text"]


def test_a_reply_by_another_sender_or_with_a_forged_token_opens_its_own_case(town: Town) -> None:
    sender, stranger = citizen_address(), citizen_address()
    ticket = reported(town, sender, "Plný koš", "U školy přetéká odpadkový koš.")
    acknowledgement = acknowledged(town, sender, ticket["number"])
    reply_to = str(acknowledgement.message["Reply-To"].addresses[0].addr_spec)
    local, _, domain = reply_to.partition("@")
    forged = f"{local[:-1]}{'a' if local[-1] != 'a' else 'b'}@{domain}"

    for writer, address in ((stranger, reply_to), (sender, forged)):
        report = town.citizen.send(letter(writer, "Re: potvrzení", "Tohle sem možná patří.", to=address), to=address)
        own = town.staff.ticket_of(report)
        assert own["id"] != ticket["id"]
        assert own["maybe_belongs_to"] == [ticket["id"]]


def test_a_reply_to_a_task_mail_is_an_internal_note(town: Town) -> None:
    sender = citizen_address()
    ticket = reported(town, sender, "Rozbitá lavička", "V parku je ulomené prkno lavičky, prosím o opravu.")
    task = town.post.one(TECHNICAL_SERVICES, str(ticket["number"]))
    reply_to = str(task.message["Reply-To"].addresses[0].addr_spec)

    report = town.citizen.send(
        letter(TECHNICAL_SERVICES, "Re: úkol", "Prkno máme ve skladu.", to=reply_to), to=reply_to
    )
    outcome = eventually(lambda: town.staff.report(report), "the note is registered")
    assert (outcome["outcome"], outcome["ticket_id"]) == ("added", ticket["id"])
    messages = town.staff.http.get(f"/tickets/{ticket['id']}/messages").json()["items"]
    assert (messages[-1]["visibility"], messages[-1]["text"].strip()) == ("internal", "Prkno máme ve skladu.")
    assert not any("ve skladu" in mail.text for mail in town.post.to(sender))


def test_an_outside_body_gets_one_plain_mail_with_the_least_it_needs(town: Town) -> None:
    sender = citizen_address()
    ticket = reported(
        town,
        sender,
        "Neteče voda",
        "Dobrý den, v Husově ulici od rána neteče voda z vodovodu. Volejte mi na 601 234 567.\n\nS pozdravem\nobčan",
        picture=photo(),
    )
    assert ticket["resolver"]["kind"] == "body"  # type: ignore[index]
    request = eventually(
        lambda: [
            m
            for m in town.post.all()
            if str(ticket["number"]) in f"{m.message['Subject']}{m.text}" and "vodarn" in m.envelope_to
        ],
        "a request to the water company",
    )
    assert len(request) == 1
    assert sender not in request[0].message.as_string()
    assert "601 234 567" not in request[0].text
    assert "neteče voda" in request[0].text
    for attachment in request[0].attachments:
        with Image.open(io.BytesIO(attachment.get_content())) as picture:
            assert not picture.getexif().get_ifd(ExifTags.IFD.GPSInfo)
    assert "předáv" in acknowledged(town, sender, ticket["number"]).text.lower()


def test_a_machine_gets_no_answer_and_its_mail_is_set_aside(town: Town) -> None:
    sender = citizen_address()
    machine = letter(
        sender, "Automatická odpověď", "Jsem na dovolené do pondělí.", headers={"Auto-Submitted": "auto-replied"}
    )
    ticket = town.staff.ticket_of(town.citizen.send(machine))
    assert (ticket["state"], ticket["number"]) == ("set_aside", None)
    probe = citizen_address()
    acknowledged(town, probe, reported(town, probe, "Díra", "V Husově ulici je výtluk.")["number"])
    assert town.post.to(sender) == []


def test_the_same_mail_by_another_way_is_the_same_report(town: Town) -> None:
    sender = citizen_address()
    mail = letter(sender, "Nesvítí lampa", "V Polní ulici nesvítí lampa.")
    first = town.citizen.send(mail)
    again = b"Received: from elsewhere.test by relay.test; Tue, 24 Nov 2026 10:00:00 +0100\r\n" + mail.as_bytes()
    assert town.citizen.send(again, sender=sender) == first
    ticket = town.staff.ticket_of(first)
    acknowledged(town, sender, ticket["number"])
    other = reported(town, sender, "Jiná věc", "V Polní ulici je plný koš.")
    acknowledged(town, sender, other["number"])
    assert len(town.post.to(sender, str(ticket["number"]))) == 1


def test_without_a_token_nothing_is_readable(town: Town) -> None:
    nobody, stranger = town.staff_with(None), town.staff_with("x" * 43)
    for path in ("/tickets", f"/tickets/{uuid.uuid4()}", f"/reports/{uuid.uuid4()}"):
        for somebody in (nobody, stranger):
            answer = somebody.http.get(path)
            assert answer.status_code == 401
            assert answer.headers["Content-Type"].startswith("application/problem+json")
