"""Whole mails as they go out, compared to the byte with those in `golden/`.

After a change that is meant, of our code or of the pack's words: `UPDATE_GOLDEN=1 pytest services/notifier/tests/test_mails.py`,
then read what changed with `git diff`: it is what people will read.
"""

import io
import os
import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from contracts.participants import Actor, ActorKind, Role
from contracts.reply_token import TokenRole, read
from contracts.reports import Part, PartKind
from contracts.sample_reports import POTHOLE_REPORT, photo_of
from contracts.sample_tickets import assigned_snapshot
from contracts.tickets import (
    Coordinates,
    Deadline,
    DeadlineKind,
    Direction,
    Exchange,
    ExchangeState,
    Matching,
    Resolver,
    ResolverKind,
    TicketAssigned,
    TicketDeliveryUpdated,
    TicketExchangeUpdated,
    TicketMessageAdded,
    TicketNumbered,
    TicketState,
    TicketStateChanged,
    Visibility,
)
from contracts.types import Confidentiality, Kind
from kit.object_store import MemoryObjectStore, StoreAway
from kit.verdicts import Clean, Infected, NotScanned, Verdict, Why
from notifier.audience import TABLE
from notifier.deliveries import Delivery
from notifier.writing.composing import (
    Composer,
    Parcel,
    RulesetMissing,
    ScannerAway,
    SigningKey,
    Unsendable,
    file_names,
    fits,
)
from notifier.writing.mail import SUPPRESSED, message_id
from notifier.writing.rendering import unwrapped, wrapped

from .builders import BODY, DISPATCHER, FOREIGN_ID, NOW, REPORTER, TEAM, TECHNICAL_SERVICES, deliveries, event, lipovany

GOLDEN = Path(__file__).parent / "golden"
KEY = SigningKey("a1", b"for tests only, never for a town")
WATERWORKS = Resolver(kind=ResolverKind.BODY, code="vodarny")
CLERK = Actor(kind=ActorKind.STAFF, id="referent-1")
ROUTER = Actor(kind=ActorKind.ROUTER, id="router")
PLACE = "v Lipové ulici před číslem 12"
REPORT = (
    "Dobrý den,\n\nv Lipové ulici před číslem 12 je v silnici velký výmol, auta ho objíždějí do protisměru. "
    "Auto 1AB 2345 si tam prorazilo kolo. Volejte mi na 604 123 456.\n\n<b>Děkuji</b> & pospěšte si"
)
PERSONAL: dict[str, Any] = {
    "subject": "Výmol v Lipové ulici",
    "text": REPORT,
    "place_phrase": PLACE,
    "coordinates": Coordinates(latitude=49.942104, longitude=15.268304),
    "file_names": {"part-1": "výmol u čp. 12.jpg", "part-2": "C:\\fotky\\video.mp4"},
}


def photo(width: int = 8, *, marked: bool = True) -> bytes:
    image = Image.new("RGB", (width, 6), (90, 90, 90))
    exif = Image.Exif()
    if marked:
        exif[0x010F] = "kanarek-fotoaparat"
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


def part(**changes: Any) -> Part:
    return photo_of(POTHOLE_REPORT).model_copy(update={"size": len(photo()), **changes})


VIDEO = part(name="part-2", key="originals/video", kind=PartKind.VIDEO, media_type="video/mp4", size=9_000_000)


def case(**changes: Any) -> Any:
    return assigned_snapshot(**{"resolver": TECHNICAL_SERVICES, **changes})


def said(*people: Any, **fields: Any) -> Any:
    given = {
        "message_id": "7d5cb7f5-9d2a-5a4c-8a4b-2f1d3a5b6c7d",
        "author": "referent-1",
        "matched": Matching.BY_HAND,
        "actor": CLERK,
        "after": case(),
    }
    return event(TicketMessageAdded, *people, **{**given, **fields})


def numbered(**fields: Any) -> Any:
    personal = {"place_phrase": PLACE, "message_id": FOREIGN_ID, **fields.pop("personal", {})}
    return event(TicketNumbered, fields.pop("person", REPORTER), **{"after": case(), "personal": personal, **fields})


FORMER = TEAM.model_copy(update={"role": Role.FORMER_RESOLVER})
IN_ENGLISH = REPORTER.model_copy(update={"language": "en"})
PARTS = {"parts": [part(), VIDEO], "personal": PERSONAL}
WITH_BODY = case(category="water-supply", area="water", resolver=WATERWORKS, state=TicketState.FORWARDED)
INBOUND = {"direction": Direction.INBOUND, "visibility": Visibility.PUBLIC}
SEALED = {"confidentiality": Confidentiality.SEALED}
EVENTS: dict[str, Any] = {
    "acknowledgement": numbered(),
    "acknowledgement-without-place": numbered(personal={"place_phrase": None}),
    "acknowledgement-of-a-bodys-matter": numbered(after=WITH_BODY),
    "acknowledgement-in-english": numbered(person=IN_ENGLISH),
    "acknowledgement_unclear": numbered(after=case(decided=False)),
    "acknowledgement_emergency": numbered(after=case(category="emergency", kind=Kind.EMERGENCY)),
    "acknowledgement_confidential": numbered(**SEALED),
    "task": event(TicketAssigned, TEAM, after=case(urgent=True), actor=ROUTER, **PARTS),
    "task-of-a-bodys-matter": event(TicketAssigned, TEAM, after=WITH_BODY, actor=ROUTER, **PARTS),
    "task-of-an-emergency": event(
        TicketAssigned, TEAM, after=case(category="emergency", kind=Kind.EMERGENCY, urgent=True), actor=ROUTER, **PARTS
    ),
    "task-handed-over": event(
        TicketAssigned,
        TEAM,
        after=case(),
        actor=CLERK,
        parts=[],
        personal={**PERSONAL, "words": "Je to na vaší silnici."},
    ),
    "task_withdrawn": event(
        TicketAssigned,
        FORMER,
        after=case(),
        actor=CLERK,
        personal={"words": "Je to na jejich silnici.", "place_phrase": PLACE},
    ),
    "task_withdrawn_confidential": event(TicketAssigned, FORMER, after=case(), actor=CLERK, **SEALED),
    "task_moved": event(
        TicketStateChanged,
        TEAM,
        after=case(state=TicketState.RESOLVED),
        actor=CLERK,
        previous=TicketState.IN_PROGRESS,
        personal={"words": "Výmol jsme dnes opravili.", "place_phrase": PLACE},
    ),
    "task_confidential": event(TicketAssigned, TEAM, after=case(), actor=ROUTER, **PARTS, **SEALED),
    "dispatcher_attention-unsure": event(TicketAssigned, TEAM, after=case(decided=False), actor=ROUTER, **PARTS),
    "dispatcher_attention-delivery-failed": event(
        TicketDeliveryUpdated, DISPATCHER, after=case(), outcome="failed", recipient=REPORTER.id
    ),
    "dispatcher_attention-delivery-failed-confidential": event(
        TicketDeliveryUpdated, DISPATCHER, after=case(), outcome="failed", recipient=REPORTER.id, **SEALED
    ),
    "body_request": event(TicketAssigned, BODY, after=WITH_BODY, actor=ROUTER, **PARTS),
    "body_request-urgent": event(
        TicketAssigned, BODY, after=WITH_BODY.model_copy(update={"urgent": True}), actor=ROUTER, **PARTS
    ),
    "body_withdrawn": event(
        TicketExchangeUpdated,
        BODY,
        after=WITH_BODY,
        exchange=Exchange(body="vodarny", their_number="p-5512", state=ExchangeState.WITHDRAWN),
    ),
    "message_to_reporter": said(
        REPORTER,
        direction=Direction.OUTBOUND,
        visibility=Visibility.PUBLIC,
        personal={
            "text": "Dobrý den,\n\nvýmol opravíme do pátku.\n\nS pozdravem\nOdbor dopravy",
            "message_id": FOREIGN_ID,
        },
    ),
    "message_confidential": said(REPORTER, direction=Direction.OUTBOUND, visibility=Visibility.PUBLIC, **SEALED),
    "message_from_reporter": said(TEAM, **INBOUND, author=REPORTER.id, **PARTS),
    "message_from_body": said(
        TEAM, **INBOUND, actor=Actor(kind=ActorKind.BODY, id=BODY.id), author=BODY.id, **{**PARTS, "after": WITH_BODY}
    ),
    "internal_note": said(
        TEAM,
        direction=Direction.INTERNAL,
        visibility=Visibility.INTERNAL,
        personal={"text": "Zavolejte prosím dopravci.", "place_phrase": PLACE},
    ),
    "state_changed-forwarded": event(
        TicketStateChanged, REPORTER, after=WITH_BODY, previous=TicketState.ASSIGNED, personal={"place_phrase": PLACE}
    ),
    "state_changed-of-what-nobody-understood": event(
        TicketStateChanged,
        REPORTER,
        after=case(state=TicketState.WAITING_FOR_REPORTER, category="unclear", decided=False),
        previous=TicketState.ASSIGNED,
        personal={"words": "Napište nám prosím, o kterou ulici jde."},
    ),
    "state_changed": event(
        TicketStateChanged,
        REPORTER,
        after=case(state=TicketState.RESOLVED),
        previous=TicketState.IN_PROGRESS,
        personal={"words": "Výmol jsme dnes opravili.", "place_phrase": PLACE},
    ),
}


def store_with_photos() -> MemoryObjectStore:
    store = MemoryObjectStore()
    store.put(part().key, photo())
    return store


def composer(store: MemoryObjectStore | None = None) -> Composer:
    return Composer(lambda municipality: lipovany(), store or store_with_photos(), KEY)


def only_delivery(name: str) -> Delivery:
    (made,) = deliveries(EVENTS[name])
    return made


def sent(delivery: Delivery) -> tuple[Parcel, EmailMessage]:
    parcel = composer().compose(delivery)
    assert isinstance(parcel, Parcel), parcel
    return parcel, message_from_bytes(parcel.content, policy=default)


def plain(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


ALL = pytest.mark.parametrize("name", EVENTS)


@ALL
def test_the_mail_is_the_golden_one_to_the_byte(name: str) -> None:
    parcel, _ = sent(only_delivery(name))
    golden = GOLDEN / f"{name}.eml"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_bytes(parcel.content)
    assert parcel.content == golden.read_bytes(), f"see how to update {golden.name} at the top of this file"


def test_there_is_a_golden_mail_of_every_template_and_no_other_file() -> None:
    assert {row.template for row in TABLE} == {only_delivery(name).template for name in EVENTS}
    assert {path.stem for path in GOLDEN.iterdir()} == EVENTS.keys()


@ALL
def test_every_mail_keeps_to_the_rules_of_mail(name: str) -> None:
    delivery = only_delivery(name)
    parcel, message = sent(delivery)
    lines = parcel.content.split(b"\r\n")
    assert all(len(line) <= 998 for line in lines)
    assert b"\n" not in b"".join(lines)
    assert b"\r" not in b"".join(lines)
    assert parcel.content.isascii()
    assert message.defects == []
    for part in message.walk():
        assert part.defects == []
    counts = {
        name: len(message.get_all(name) or []) for name in ("From", "To", "Subject", "Date", "Message-ID", "Reply-To")
    }
    assert set(counts.values()) == {1}
    assert message["To"] == parcel.recipient
    assert message["Message-ID"] == message_id(delivery.id, delivery.ticket_id, "podatelna@lipovany.test")
    assert message["Bcc"] is None
    assert message["Precedence"] is None


@ALL
def test_automatic_mails_say_so_and_a_clerks_words_do_not(name: str) -> None:
    delivery = only_delivery(name)
    _, message = sent(delivery)
    if name == "message_to_reporter":
        assert message["Auto-Submitted"] is None
        assert message["X-Auto-Response-Suppress"] is None
        return
    expected = "auto-replied" if name.startswith("acknowledgement") else "auto-generated"
    assert message["Auto-Submitted"] == expected
    assert message["X-Auto-Response-Suppress"] == SUPPRESSED
    assert "NDR" not in SUPPRESSED.split(", "), "reports of failed delivery are wanted"


@ALL
def test_answers_and_bounces_find_their_case(name: str) -> None:
    delivery = only_delivery(name)
    parcel, message = sent(delivery)
    keys = {KEY.key_id: KEY.key}
    wanted = {"reporter": TokenRole.REPORTER, "body": TokenRole.BODY}.get(delivery.role, TokenRole.RESOLVER)
    for address, role in ((str(message["Reply-To"]), wanted), (parcel.envelope_sender, TokenRole.BOUNCE)):
        local, _, domain = address.partition("@")
        token = read(local.partition("+")[2], "lipovany", keys)
        assert domain == "lipovany.test"
        assert token is not None
        assert (token.genuine, token.role, token.ticket_id) == (True, role, delivery.ticket_id)


@ALL
def test_no_mail_fetches_anything_or_runs_anything(name: str) -> None:
    _, message = sent(only_delivery(name))
    html = message.get_body(("html",))
    if name.startswith("body_"):
        assert html is None, "a body gets one plain mail"
        return
    assert html is not None
    page = html.get_content()
    for forbidden in (
        "<img",
        "<script",
        "<style",
        "url(",
        "<link",
        "<iframe",
        "<form",
        " onload",
        "javascript:",
        "@import",
    ):
        assert forbidden not in page
    assert "<b>Děkuji" not in page
    addresses = [piece.partition('"')[0] for piece in page.split('href="')[1:]]
    assert all(address.startswith(("https://lipovany.test", "tel:1")) for address in addresses)


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text))


@ALL
def test_the_page_says_what_the_plain_text_says(name: str) -> None:
    _, message = sent(only_delivery(name))
    html = message.get_body(("html",))
    if html is None:
        return
    body = html.get_content().partition("</head>")[2]
    assert words(plain(message)) - words(unescape(re.sub(r"<[^>]+>", " ", body))) == set()


def test_an_acknowledgement_answers_the_mail_and_a_case_is_one_thread() -> None:
    _, acknowledgement = sent(only_delivery("acknowledgement"))
    _, task = sent(only_delivery("task"))
    assert acknowledgement["In-Reply-To"] == f"<{FOREIGN_ID}>"
    assert str(acknowledgement["References"]).split() == [str(task["References"]), f"<{FOREIGN_ID}>"]
    assert task["In-Reply-To"] is None


@pytest.mark.parametrize(
    "forged",
    ["<a@b.test>\r\nBcc: <obet@example.test>", "<a@b.test>", "<a b@c.test>", "<ž@b.test>", f"<{'x' * 300}@b.test>"],
)
def test_a_message_id_that_is_none_is_not_repeated(forged: str) -> None:
    (delivery,) = deliveries(numbered(personal={"message_id": forged}))
    parcel, message = sent(delivery)
    assert message["In-Reply-To"] is None
    assert b"obet" not in parcel.content


def test_a_strangers_words_make_no_header() -> None:
    trick = "v Lipové\r\nBcc: obet@example.test\r\n\r\n<script>alert(1)</script> {{ 7*7 }} {% raw %}"
    (delivery,) = deliveries(
        event(
            TicketAssigned,
            TEAM,
            after=case(),
            actor=ROUTER,
            personal={**PERSONAL, "place_phrase": trick, "subject": trick},
        )
    )
    _, message = sent(delivery)
    assert message["Bcc"] is None
    assert "{{ 7*7 }}" in plain(message)
    page = message.get_body(("html",))
    assert page is not None
    assert "<script" not in page.get_content()


def test_a_strangers_subject_stays_on_the_line_that_names_it() -> None:
    trick = "Lampa\n\nCo udělat: přihlaste se jinde\n\nMěsto Lipovany"
    made = event(TicketAssigned, TEAM, after=case(), actor=ROUTER, personal={**PERSONAL, "subject": trick})
    _, message = sent(deliveries(made)[0])
    assert "Předmět zprávy: Lampa Co udělat: přihlaste se jinde Město" in plain(message)


@pytest.mark.parametrize(
    "nothing_to_promise",
    [{"kind": Kind.PRAISE}, {"deadlines": [], "decided": True}, {"received_at": NOW + timedelta(days=60)}],
)
def test_no_day_is_promised_for_thanks_or_for_what_is_due_at_once(nothing_to_promise: dict[str, Any]) -> None:
    (made,) = deliveries(numbered(after=case(**nothing_to_promise)))
    assert "Slíbený termín" not in plain(sent(made)[1])
    (usual,) = deliveries(numbered())
    assert "Slíbený termín: úterý 8. prosince 2026\r\n" in plain(sent(usual)[1])


def test_a_term_in_hours_names_its_hour() -> None:
    due = datetime(2026, 12, 1, 9, 7, tzinfo=UTC)
    soon = case(deadlines=[Deadline(kind=DeadlineKind.SOLUTION, due=due, why="night-noise")])
    (made,) = deliveries(numbered(after=soon))
    assert "Slíbený termín: úterý 1. prosince 2026, 10:07\r\n" in plain(sent(made)[1])


def test_a_clerks_list_keeps_its_lines() -> None:
    items = "\n".join(f"- {position}. bod: " + "slovo " * 17 + "konec" for position in range(1, 4))
    delivery = only_delivery("message_to_reporter")
    assert delivery.personal is not None
    personal = delivery.personal.model_copy(update={"text": f"Dobrý den,\n\n{items}\nS pozdravem"})
    _, message = sent(delivery.model_copy(update={"personal": personal}))
    lines = plain(message).splitlines()
    assert [line[:9] for line in lines if line.startswith("- ")] == ["- 1. bod:", "- 2. bod:", "- 3. bod:"]
    assert "S pozdravem" in lines


@pytest.mark.parametrize("body", lipovany().bodies, ids=lambda body: str(body.slug))
@pytest.mark.parametrize("person", [REPORTER, IN_ENGLISH], ids=["cs", "en"])
def test_who_answers_for_a_bodys_matter_stands_on_a_line_of_its_own(body: Any, person: Any) -> None:
    resolver = Resolver(kind=ResolverKind.BODY, code=body.slug)
    after = WITH_BODY.model_copy(update={"resolver": resolver})
    _, message = sent(deliveries(numbered(person=person, after=after))[0])
    assert re.search(r"^(Za město na ni dohlíží|In charge for the town): ", plain(message), re.MULTILINE)


def test_a_sentence_that_the_packs_author_broke_is_whole_again_and_a_label_is_not_joined() -> None:
    broken = "slovo " * 18 + "konec řádku\na další slova.\n"
    assert unwrapped(broken) == broken.replace("\na", " a")
    labels = "Věc předáváme: " + "slovo " * 16 + "konec\nDohlíží: {{ resolver_name }}\n"
    assert unwrapped(labels) == labels


@pytest.mark.parametrize("name", ["state_changed", "message_to_reporter"])
def test_a_text_that_is_not_there_in_the_recipients_language_is_czech_as_a_whole(name: str) -> None:
    asked = composer().compose(only_delivery(name).model_copy(update={"language": "en"}))
    assert asked == composer().compose(only_delivery(name))
    assert isinstance(asked, Parcel)
    assert b"Content-Language: cs" in asked.content


def test_an_empty_line_of_quoted_words_has_one_mark() -> None:
    quote = "> Dobrý den,\n>\n> nesvítí lampa.\n> > odpověď\n"
    assert wrapped(quote) == quote


def test_a_strangers_long_place_does_not_make_the_town_his_postman() -> None:
    (delivery,) = deliveries(numbered(personal={"place_phrase": "kupte si " * 500}))
    _, message = sent(delivery)
    assert len(plain(message)) < 2500
    assert len(str(message["Subject"])) <= 200


def test_the_same_delivery_makes_the_same_mail() -> None:
    once, again = (composer().compose(only_delivery("task")) for _ in range(2))
    assert once == again


def test_a_team_gets_the_photo_as_it_is_and_a_body_without_what_the_camera_added() -> None:
    for name, marked in (("task", True), ("body_request", False)):
        _, message = sent(only_delivery(name))
        (attached,) = list(message.iter_attachments())
        assert attached.get_content_type() == "image/jpeg"
        assert (b"kanarek" in attached.get_content()) is marked
    assert b"kanarek" in photo()


def test_a_body_is_told_the_matter_but_not_the_person() -> None:
    _, message = sent(only_delivery("body_request"))
    text = plain(message)
    assert "velký výmol" in text
    for person in ("604 123 456", "1AB 2345", "obcan@example.test", "video.mp4", "u čp. 12", "Výmol v Lipové"):
        assert person not in text + str(message["Subject"])
    (attached,) = list(message.iter_attachments())
    assert attached.get_filename() == "foto-1.jpg"


def test_a_body_is_not_told_who_wrote_a_forwarded_mail() -> None:
    delivery = only_delivery("body_request")
    assert delivery.personal is not None
    forwarded = "Od: kanárek <obcan@example.test>\nPředmět: výmol\n\nV silnici je díra."
    personal = delivery.personal.model_copy(update={"text": forwarded})
    _, message = sent(delivery.model_copy(update={"personal": personal}))
    assert "kanárek" not in plain(message)
    assert "V silnici je díra." in plain(message)


def test_what_does_not_come_along_is_named() -> None:
    _, message = sent(only_delivery("task"))
    assert "výmol u čp. 12.jpg" in plain(message)
    assert "video.mp4" in plain(message)
    assert "C:\\" not in plain(message)


def test_a_photo_that_is_gone_is_named_and_the_mail_goes_out() -> None:
    parcel = composer(MemoryObjectStore()).compose(only_delivery("task"))
    assert isinstance(parcel, Parcel)
    message = message_from_bytes(parcel.content, policy=default)
    assert list(message.iter_attachments()) == []
    assert "výmol u čp. 12.jpg" in plain(message)


class Scanner:
    """Says what a test wants, and keeps what it was asked about."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict, self.asked = verdict, list[bytes]()

    def __call__(self, content: bytes) -> Verdict:
        self.asked.append(content)
        return self.verdict


def scanned(name: str, verdict: Verdict, *, patient: bool = True) -> tuple[EmailMessage, Scanner]:
    scanner = Scanner(verdict)
    own = Composer(lambda municipality: lipovany(), store_with_photos(), KEY, scanner)
    parcel = own.compose(only_delivery(name), patient=patient)
    assert isinstance(parcel, Parcel)
    return message_from_bytes(parcel.content, policy=default), scanner


@pytest.mark.parametrize("verdict", [Infected("Test"), NotScanned(Why.TOO_LARGE), NotScanned(Why.FAILED)])
def test_a_photo_that_the_scanner_does_not_let_through_is_named_and_the_mail_goes_out(verdict: Verdict) -> None:
    message, _ = scanned("task", verdict)
    assert list(message.iter_attachments()) == []
    assert "výmol u čp. 12.jpg" in plain(message)


@pytest.mark.parametrize("verdict", [Clean(), NotScanned(Why.NO_SCANNER)])
def test_a_photo_comes_along_where_the_scanner_finds_nothing_or_there_is_none(verdict: Verdict) -> None:
    message, scanner = scanned("task", verdict)
    (attached,) = message.iter_attachments()
    assert scanner.asked == [attached.get_content()]


def test_the_scanner_sees_the_photo_as_it_goes_out() -> None:
    message, scanner = scanned("body_request", Clean())
    assert scanner.asked == [attached.get_content() for attached in message.iter_attachments()]
    assert scanner.asked != [photo()]


def test_for_a_scanner_that_is_away_a_mail_with_photos_waits_until_patience_ends() -> None:
    with pytest.raises(ScannerAway):
        scanned("task", NotScanned(Why.AWAY))
    message, _ = scanned("task", NotScanned(Why.AWAY), patient=False)
    assert list(message.iter_attachments()) == []
    assert "výmol u čp. 12.jpg" in plain(message)
    _, scanner = scanned("acknowledgement", NotScanned(Why.AWAY))
    assert scanner.asked == []


def test_what_cannot_be_freed_of_metadata_does_not_leave_the_town() -> None:
    store = MemoryObjectStore()
    store.put(part().key, b"\xff\xd8 not a picture")
    parcel = composer(store).compose(only_delivery("body_request"))
    assert isinstance(parcel, Parcel)
    assert b"Content-Disposition: attachment" not in parcel.content


@pytest.mark.parametrize(
    ("changes", "room", "for_body", "comes"),
    [
        ({}, 10_000_000, False, True),
        ({"size": 5000}, 4999, False, False),
        ({"kind": PartKind.DOCUMENT}, 10_000_000, False, False),
        ({"warnings": ["executable"]}, 10_000_000, False, False),
        ({"warnings": ["too-many-pixels"]}, 10_000_000, False, False),
        ({"warnings": ["declared-type-differs"]}, 10_000_000, False, True),
        ({"media_type": "image/heic"}, 10_000_000, False, True),
        ({"media_type": "image/heic"}, 10_000_000, True, False),
    ],
)
def test_photos_come_along_within_limits(changes: dict[str, Any], room: int, for_body: bool, comes: bool) -> None:
    assert fits(part(**changes), room, for_body=for_body) is comes


def test_file_names_are_harmless_and_all_different() -> None:
    tricky = {"part-1": "../../etc/passwd", "part-2": "fotka.jpg", "part-3": "FOTKA.jpg", "part-4": "gpj\u202e.exe"}
    parts = [part(name=name, key=f"originals/{name}") for name in tricky]
    delivery = only_delivery("task").model_copy(
        update={"parts": parts, "personal": only_delivery("task").personal.model_copy(update={"file_names": tricky})}  # type: ignore[union-attr]
    )
    names = list(file_names(delivery, for_body=False).values())
    assert names == ["passwd.jpg", "fotka.jpg", "_FOTKA.jpg", "gpj.exe.jpg"]
    assert list(file_names(delivery, for_body=True).values()) == [
        "foto-1.jpg",
        "foto-2.jpg",
        "foto-3.jpg",
        "foto-4.jpg",
    ]


@pytest.mark.parametrize("confidentiality", [Confidentiality.RESTRICTED, Confidentiality.SEALED])
@ALL
def test_no_mail_names_the_category_of_a_confidential_matter(name: str, confidentiality: Confidentiality) -> None:
    hidden = EVENTS[name].model_copy(update={"confidentiality": confidentiality})
    category = lipovany().category(hidden.data.after.category).name
    for delivery in deliveries(hidden):
        parcel, message = sent(delivery)
        assert category not in plain(message) + str(message["Subject"])
        assert parcel.content


def test_an_open_matter_is_named() -> None:
    _, open_message = sent(only_delivery("state_changed"))
    assert lipovany().category("pothole").name in plain(open_message)


def with_address(name: str, address: str, **changes: Any) -> Delivery:
    delivery = only_delivery(name)
    assert delivery.personal is not None
    personal = delivery.personal.model_copy(update={"address": address})
    return delivery.model_copy(update={"personal": personal, **changes})


def test_we_write_neither_to_ourselves_nor_automatically_to_machines() -> None:
    own = "podatelna+a1.rabc.def@lipovany.test"
    assert composer().compose(with_address("acknowledgement", own)) == Unsendable("own-address")
    assert composer().compose(with_address("message_to_reporter", own)) == Unsendable("own-address")
    machine = "mailer-daemon@example.test"
    assert composer().compose(with_address("acknowledgement", machine)) == Unsendable("machine")
    assert isinstance(composer().compose(with_address("message_to_reporter", machine)), Parcel)


def test_what_the_pack_does_not_know_is_told_as_unrenderable_and_what_it_keeps_silent_is_cancelled() -> None:
    stranger = only_delivery("acknowledgement").model_copy(update={"case": case(category="no-such-category")})
    assert composer().compose(stranger) == Unsendable("unrenderable")
    silent = only_delivery("state_changed").model_copy(update={"case": case(state=TicketState.SET_ASIDE)})
    assert composer().compose(silent) == Unsendable(None)


def test_without_a_pack_or_with_the_store_away_it_waits() -> None:
    with pytest.raises(RulesetMissing):
        Composer(lambda municipality: None, store_with_photos(), KEY).compose(only_delivery("task"))
    away = store_with_photos()
    away.away = True
    with pytest.raises(StoreAway):
        composer(away).compose(only_delivery("task"))
    assert isinstance(composer(away).compose(only_delivery("acknowledgement")), Parcel)


def test_an_address_that_is_not_ascii_stands_in_the_envelope_alone() -> None:
    parcel, message = sent(with_address("acknowledgement", "žák@město.test"))
    assert parcel.recipient == "žák@xn--msto-gwa.test"
    assert message["To"] == "undisclosed-recipients:;"
    assert parcel.content.isascii()
