"""Whole messages, good and bad: something sensible comes out of each, and nothing raises."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.identity import email_report_id
from contracts.reports import PartKind
from intake_email.message import contents, parsing

from .builders import CITIZEN, TOWN, file, joined, message, multipart, parse, part, photo, pixel_bomb, report, text


def test_a_report_with_a_photo_is_read() -> None:
    raw = multipart(
        [
            part("Dobrý den,\r\nv Lipové ulici je výmol.\r\n\r\nS pozdravem\r\nObčan"),
            file(photo(), "image/jpeg", "vymol.jpg"),
        ],
        From="=?utf-8?Q?Ob=C4=8Dan?= <obcan@example.test>",
        Subject="=?utf-8?Q?V=C3=BDmol?=",
    )
    parsed = parse(raw)
    assert parsed.sender is not None
    assert (parsed.sender.address, parsed.sender.name) == (CITIZEN, "Občan")
    assert parsed.subject == "Výmol"
    assert parsed.text == "Dobrý den,\nv Lipové ulici je výmol."
    assert parsed.signature == "S pozdravem\nObčan"
    assert parsed.language == "cs"
    assert parsed.message_id == "first@example.test"
    assert [(found.kind, found.file_name) for found in parsed.attachments] == [(PartKind.IMAGE, "vymol.jpg")]
    assert parsed.defects == ()


def test_a_telephones_message_of_a_photo_alone_is_read() -> None:
    raw = message(photo(), Content_Type="image/jpeg", Content_Transfer_Encoding="binary", Subject="")
    parsed = parse(raw)
    assert parsed.text == ""
    assert parsed.attachments[0].latitude is not None


def test_inline_pictures_are_parts_marked_as_inline() -> None:
    related = joined(
        [
            part("<p>Výmol <img src='cid:a'></p>", "text/html; charset=utf-8"),
            file(photo(), "image/jpeg", None, "inline"),
        ],
        "r",
    )
    raw = multipart([part("Výmol"), part(related, 'multipart/related; boundary="r"')], "alternative")
    parsed = parse(raw)
    assert parsed.text == "Výmol"
    assert [found.inline for found in parsed.attachments] == [True]


def test_a_calendar_and_a_named_text_are_files_not_text() -> None:
    raw = multipart(
        [part("Text"), part("BEGIN:VCALENDAR", "text/calendar"), file(b"obsah", "text/plain", "seznam.txt")]
    )
    parsed = parse(raw)
    assert parsed.text == "Text"
    assert [found.media_type for found in parsed.attachments] == ["text/calendar", "text/plain"]


INNER = message(
    multipart_body := joined([part("V Lipové ulici je výmol."), file(photo(), "image/jpeg", "vymol.jpg")], "i"),
    From="soused@example.test",
    Subject="Vymol",
    Content_Type='multipart/mixed; boundary="i"',
)


@pytest.mark.parametrize("note", ["", "Prosím o vyřízení."])
def test_a_forwarded_message_with_a_mere_note_is_the_matter_with_its_photo(note: str) -> None:
    assert multipart_body
    parsed = parse(multipart([part(note), part(INNER, "message/rfc822")]))
    assert parsed.text.startswith(note)
    assert "V Lipové ulici je výmol." in parsed.text
    assert "Předmět: Vymol" in parsed.text
    assert [found.kind for found in parsed.attachments] == [PartKind.MESSAGE, PartKind.IMAGE]
    assert parsed.attachments[0].file_name == "Vymol.eml"


def test_a_forwarded_message_below_a_long_text_is_only_kept() -> None:
    long = "Přikládám starší zprávu souseda jen pro úplnost, sám hlásím něco jiného. " * 4
    parsed = parse(multipart([part(long), part(INNER, "message/rfc822")]))
    assert "výmol" not in parsed.text
    assert [found.kind for found in parsed.attachments] == [PartKind.MESSAGE]


def test_a_message_within_a_message_within_a_message_is_reached() -> None:
    nested = multipart([part(""), part(multipart([part(""), part(INNER, "message/rfc822")]), "message/rfc822")])
    assert "V Lipové ulici je výmol." in parse(nested).text


def test_a_thousand_messages_inside_each_other_end_at_the_bound() -> None:
    raw = message("dno")
    for _ in range(1_000):
        raw = part(raw, "message/rfc822")
    began = time.process_time()
    parsed = parse(message(b"", Content_Type="message/rfc822").rstrip() + b"\r\n\r\n" + raw)
    assert len(parsed.attachments) <= contents.MAXIMUM_PARTS
    assert time.process_time() - began < 1


def test_outlooks_own_container_is_kept_and_noted() -> None:
    raw = multipart([part("Text"), file(b"\x78\x9f\x3e\x22....", "application/ms-tnef", "winmail.dat")])
    parsed = parse(raw)
    assert parsed.attachments[0].media_type == "application/ms-tnef"
    assert parsed.defects == ("winmail-dat",)


def test_encrypted_and_opaquely_signed_mail_is_noted() -> None:
    encrypted = multipart(
        [part("Version: 1", "application/pgp-encrypted"), file(b"x", "application/octet-stream")], "encrypted"
    )
    assert "encrypted" in parse(encrypted).defects
    opaque = message(
        b"eA==", Content_Type="application/pkcs7-mime; smime-type=signed-data", Content_Transfer_Encoding="base64"
    )
    assert "signed-opaque" in parse(opaque).defects


def test_a_signed_message_is_read_and_its_signature_kept() -> None:
    parsed = parse(multipart([part("Text"), file(b"0\x80", "application/pkcs7-signature", "smime.p7s")], "signed"))
    assert parsed.text == "Text"
    assert len(parsed.attachments) == 1


def test_ten_thousand_parts_are_cut_and_counted() -> None:
    began = time.process_time()
    parsed = parse(multipart([file(b"x", "application/octet-stream", f"{number}.bin") for number in range(10_000)]))
    assert len(parsed.attachments) == contents.MAXIMUM_PARTS
    assert parsed.defects == ("too-many-parts", "parts-left-out.9950")
    assert time.process_time() - began < 3


def test_a_thousand_levels_are_cut_and_noted() -> None:
    body = part("dno")
    for level in range(1_000):
        body = part(joined([body], f"b{level}"), f'multipart/mixed; boundary="b{level}"')
    parsed = parse(message(b"").rstrip() + b"\r\n" + body)
    assert "nested-too-deep" in parsed.defects


def test_a_pixel_bomb_is_kept_and_warned_of() -> None:
    parsed = parse(multipart([part("Foto"), file(pixel_bomb(), "image/png", "bomba.png")]))
    assert parsed.attachments[0].warnings == ("too-many-pixels",)
    assert parsed.text == "Foto"


def test_a_text_beyond_all_measure_is_cut_and_noted() -> None:
    parsed = parse(message(b"slovo " * 1_000_000))
    assert parsed.text.startswith("slovo slovo")
    assert len(parsed.text) < 4_200_000
    assert parsed.defects == ("text-cut",)


def test_who_wrote_is_found_where_from_is_missing() -> None:
    assert parse(message(From=None, Reply_To="odpoved@example.test")).sender.address == "odpoved@example.test"  # type: ignore[union-attr]
    assert parse(message(From="nikdo", Sender=None)).sender.address == CITIZEN  # type: ignore[union-attr]
    nobody = parse(message(From=None), sender="")
    assert nobody.sender is None
    assert {"no-from", "no-sender"} <= set(nobody.defects)


def test_a_stranger_in_reply_to_gets_nothing() -> None:
    parsed = parse(message(Reply_To="cizi@example.test"))
    assert parsed.sender is not None
    assert parsed.sender.address == CITIZEN


@pytest.mark.parametrize(
    ("value", "kept", "defects"),
    [
        ("<x@y>", "x@y", ()),
        ("", None, ("no-message-id",)),
        (None, None, ("no-message-id",)),
        ("bez zavorek", "bez zavorek", ("broken-message-id",)),
        ("<" + "x" * 5_000 + ">", "x" * 250, ("broken-message-id",)),
    ],
)
def test_message_ids_are_kept_as_far_as_they_are_any(
    value: str | None, kept: str | None, defects: tuple[str, ...]
) -> None:
    parsed = parse(message(Message_ID=value))
    assert (parsed.message_id, parsed.defects) == (kept, defects)


def test_a_date_that_cannot_be_is_left_out_and_noted() -> None:
    parsed = parse(message(Date="kdysi"))
    assert parsed.written_at is None
    assert parsed.defects == ("broken-date",)


def test_ticket_numbers_are_found_in_the_subject_only() -> None:
    assert parse(message("cislo 2026-000777", Subject="Re: [2026-000123] a 2026-000124")).numbers == (
        "2026-000123",
        "2026-000124",
    )
    assert parse(message(Subject="tel. 602026-000123")).numbers == ()


def _identity(raw: bytes) -> str:
    facts = parsing.identify(raw)
    return str(
        email_report_id(
            TOWN,
            message_id=facts.message_id,
            date=facts.date,
            sender=facts.sender,
            subject=facts.subject,
            body=facts.body,
        )
    )


def test_a_retry_by_another_way_is_the_same_report() -> None:
    raw = text("Nesvítí lampa.\r\n")
    traced = b"Received: from a by b; now\r\n" + raw
    assert _identity(raw) == _identity(traced) == _identity(raw.replace(b"\r\n", b"\n"))


def test_a_stolen_message_id_is_another_report() -> None:
    assert _identity(message("První")) != _identity(message("Jiná"))
    assert _identity(message(Subject="a")) != _identity(message(Subject="b"))
    assert _identity(message(From="a@example.test")) != _identity(message(From="b@example.test"))


def test_the_identity_rests_on_raw_values() -> None:
    assert parsing.identify(message(Subject=b"V\xfdmol =?utf-8?Q?x?=")).subject == " V\udcfdmol =?utf-8?Q?x?=\r\n"
    assert parsing.identify(b"").body == b""
    assert parsing.identify(b"jen text").body == b""


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00" * 1_000,
        b"\r\n" * 1_000,
        b"\n\nText bez hlavicek",
        b"Subject: x",
        bytes(range(256)) * 10,
        b"From: " + b"(" * 10_000,
        b"To: " + b'"' * 9_999 + b"\r\n\r\n",
        b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n--",
        b"Content-Type: " + b";a=" * 5_000 + b"\r\n\r\n",
        b"Content-Type: multipart/mixed; boundary=" + b"x" * 5_000 + b"\r\n\r\n--" + b"x" * 5_000,
        b"Content-Type: text/plain; charset=" + b"\xff" * 50 + b"\r\n\r\n\xff\xfe\xfd",
        b"Content-Type: text/html\r\n\r\n" + b"<" * 100_000,
        b"Subject: " + b"=?utf-8?B?" * 20_000 + b"\r\n\r\n",
        b"References: " + b"<a@b> " * 50_000 + b"\r\n\r\n",
        b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=" * 10_000,
        b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"QUFB" * 100,
        b"Date: " + b"9" * 10_000 + b"\r\n\r\n",
        b"MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n",
    ],
)
def test_broken_messages_become_reports(raw: bytes) -> None:
    began = time.process_time()
    for sender in (CITIZEN, "", None):
        data = report(raw, sender=sender)
        assert data.original.size == len(raw)
    assert time.process_time() - began < 3


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=2_000), st.sampled_from(["", "html", "mixed", "report", "rfc822"]))
def test_any_bytes_become_an_event(raw: bytes, kind: str) -> None:
    types = {
        "": b"",
        "html": b"Content-Type: text/html; charset=utf-8\r\n\r\n",
        "mixed": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
        "report": b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: message/delivery-status\r\n\r\n",
        "rfc822": b"Content-Type: message/rfc822\r\n\r\n",
    }
    from .builders import registered

    registered(types[kind] + raw, sender="").event.to_bytes()


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 5_000), st.binary(min_size=1, max_size=40))
def test_a_good_message_damaged_anywhere_becomes_an_event(at: int, noise: bytes) -> None:
    from .builders import registered

    whole = multipart(
        [part("Výmol"), part(INNER, "message/rfc822"), file(photo(), "image/jpeg", "a.jpg")], From=f"Občan <{CITIZEN}>"
    )
    at %= len(whole)
    registered(whole[:at] + noise + whole[at + len(noise) :]).event.to_bytes()


def test_a_small_mail_costs_little() -> None:
    raw = text("Dobrý den,\r\nv Lipové ulici u čísla 12 nesvítí lampa.\r\n\r\nS pozdravem\r\nObčan\r\n")
    began = time.process_time()
    for _ in range(200):
        parse(raw)
    assert (time.process_time() - began) / 200 < 0.002


@pytest.mark.parametrize(
    ("raw", "report_id"),
    [
        (message(), "9a685d53-3c1a-523e-9fb5-473e64488549"),
        (message(Subject="=?utf-8?Q?V=C3=BDmol?=\r\n v Lipove"), "4e7d2d0f-9e49-5994-806c-b5336b2e73b0"),
        (message(Subject=b"V\xfdmol", Message_ID=None), "9aefb1bf-3e9c-5e0c-8cf7-982689544b94"),
        (message(b"telo\r\n\r\n\r\n", Date=None, From=None), "7ea9e856-601f-5c63-a6a3-3361c1c995c1"),
        (b"", "8692c43d-4cfb-5b57-a429-38bb40f17e27"),
        (b"jen text\r\n\r\ndalsi", "0a4cf241-990e-5103-9713-1604e251536b"),
        (b"Subject: a\r\nbez odsazeni\r\nTo: b\r\n\r\ntelo", "51606ae6-5a13-5444-9813-b6bb7dbaea32"),
    ],
)
def test_the_identity_of_a_mail_never_changes(raw: bytes, report_id: str) -> None:
    assert _identity(raw) == report_id
