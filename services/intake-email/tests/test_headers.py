"""Header fields: folding, encoded words, parameters, addresses, dates."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake_email.message import headers
from intake_email.message.addresses import Mailbox, mailboxes


def _fields(raw: bytes) -> tuple[headers.Headers, bytes, list[str]]:
    fields, body, defects = headers.split(raw, 0, len(raw))
    return fields, raw[body:], defects


def test_a_folded_field_is_one_line() -> None:
    fields, body, _ = _fields(b"Subject: Vymol\r\n v Lipove\r\n\tulici\r\n\r\nText")
    assert fields.line("subject") == "Vymol v Lipove ulici"
    assert body == b"Text"


def test_a_raw_value_can_be_turned_back_into_its_bytes() -> None:
    fields, _, _ = _fields(b"Subject: v\xfdmol \xc4\x8d\r\n\r\n")
    assert fields.raw("subject").encode("utf-8", "surrogateescape") == b" v\xfdmol \xc4\x8d\r\n"


def test_a_continuation_that_nobody_indented_does_not_end_the_header() -> None:
    fields, body, defects = _fields(b"Subject: Vymol\r\nv Lipove ulici\r\nContent-Type: text/html\r\n\r\n<p>Text")
    assert fields.line("subject") == "Vymol v Lipove ulici"
    assert fields.line("content-type") == "text/html"
    assert body == b"<p>Text"
    assert defects == ["broken-header"]


def test_a_missing_blank_line_does_not_swallow_the_text() -> None:
    fields, body, defects = _fields(b"Subject: Vymol\r\nV Lipove ulici je vymol.\r\n\r\nDekuji\r\n")
    assert fields.line("subject") == "Vymol"
    assert body == b"V Lipove ulici je vymol.\r\n\r\nDekuji\r\n"
    assert defects == ["no-blank-line"]


def test_a_message_without_any_field_is_all_text() -> None:
    fields, body, defects = _fields(b"V Lipove ulici je vymol.\r\n")
    assert fields.fields == ()
    assert body == b"V Lipove ulici je vymol.\r\n"
    assert defects == ["no-headers"]


def test_a_mailbox_separator_line_is_no_field() -> None:
    assert _fields(b"From obcan@example.test Tue Nov 24\r\nSubject: x\r\n\r\n")[0].line("subject") == "x"


def test_endless_headers_are_cut_off() -> None:
    raw = b"".join(b"X-%d: y\r\n" % number for number in range(5_000)) + b"\r\ntext"
    fields, _, defects = _fields(raw)
    assert len(fields.fields) == headers.MAXIMUM_FIELDS
    assert "too-many-headers" in defects
    huge = b"Subject: " + b"x" * 1_000_000
    assert _fields(huge)[2] == ["too-many-headers"]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("=?utf-8?Q?V=C3=BDmol?= v =?iso-8859-2?B?TGlwb3bp?=", "Výmol v Lipové"),
        ("=?UTF-8?B?xI3DoXN0?= =?UTF-8?Q?_p=C4=9Bt?=", "část pět"),
        ("=?utf-8?B?xA==?= =?utf-8?B?jQ==?=", "č"),
        ("=?utf-8?Q?Nesv=C3=ADt=C3=AD lampa?=", "Nesvítí lampa"),
        ("=?windows-1250?Q?=F8eka?=", "řeka"),
        ("=?utf-8?Q?=F8eka_=9Aum=ED?=", "řeka šumí"),
        ("=?utf-8*cs?Q?=C5=99eka?=", "řeka"),
        ("=?utf-8?B?xZllax?=", "řek"),
        ("=?utf-8?X?nic?= =?", "=?utf-8?X?nic?= =?"),
        ("=?koi8-r?B?8NLJ18XU?=", "Привет"),
    ],
)
def test_encoded_words_are_read_as_people_meant_them(raw: str, shown: str) -> None:
    assert headers.decode_words(raw) == shown


def test_raw_eight_bit_fields_are_guessed() -> None:
    fields, _, _ = _fields("Subject: Výmol u kříže\r\n\r\n".encode("cp1250"))
    assert fields.text("subject") == "Výmol u kříže"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ('attachment; filename="vymol.jpg"', "vymol.jpg"),
        ("attachment; filename=vymol.jpg; size=12", "vymol.jpg"),
        ("attachment; filename*=utf-8''v%C3%BDmol.jpg", "výmol.jpg"),
        ("attachment; filename*0*=utf-8''v%C3%BD; filename*1=mol; filename*2=.jpg", "výmol.jpg"),
        ('attachment; filename="=?utf-8?Q?v=C3=BDmol.jpg?="', "výmol.jpg"),
        ('attachment;\r\n filename="a;b=c.jpg"', "a;b=c.jpg"),
        ('attachment; filename="a\\"b.jpg"', 'a"b.jpg'),
        ('attachment; filename="vymol.jpg', "vymol.jpg"),
        ("attachment; filename*=bad''v%FDmol.jpg", "výmol.jpg"),
    ],
)
def test_file_names_are_read_in_all_their_spellings(value: str, name: str) -> None:
    main, parameters = headers.with_parameters(value)
    assert main == "attachment"
    assert parameters["filename"] == name


@pytest.mark.parametrize(
    ("value", "address", "name"),
    [
        ("Obcan <obcan@example.test>", "obcan@example.test", "Obcan"),
        ('"Obcan, tajny" <obcan@example.test>', "obcan@example.test", "Obcan, tajny"),
        ("=?utf-8?Q?Ob=C4=8Dan?= <obcan@example.test>", "obcan@example.test", "Občan"),
        ("obcan@example.test (Obcan)", "obcan@example.test", "Obcan"),
        ("Urad mesta, podatelna <obcan@example.test>", "obcan@example.test", "Urad mesta, podatelna"),
        ("Občané: obcan@example.test;", "obcan@example.test", ""),
        ("občan@příklad.test", "občan@příklad.test", ""),
    ],
)
def test_the_first_valid_address_is_taken(value: str, address: str, name: str) -> None:
    assert mailboxes(value)[0] == Mailbox(address, name)


@pytest.mark.parametrize("value", ["", "nikdo", "<>", "a@b@c", "x <y", "<script>@example.test"])
def test_what_is_no_address_is_none(value: str) -> None:
    assert mailboxes(value) == []


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("Tue, 24 Nov 2026 10:00:00 +0100", datetime(2026, 11, 24, 9, tzinfo=UTC)),
        ("24 Nov 2026 10:00 +0100 (CET)", datetime(2026, 11, 24, 9, tzinfo=UTC)),
        ("Tue, 24 Nov 2026 10:00:00 -0000", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        ("yesterday", None),
        ("Tue, 99 Nov 2026 10:00:00 +0100", None),
        ("Tue, 24 Nov 99999 10:00:00 +0100", None),
        ("31 Dec 9999 23:00:00 -2300", None),
        ("", None),
    ],
)
def test_dates_are_read_or_left_out(value: str, moment: datetime | None) -> None:
    assert headers.instant(value) == moment


@given(st.binary(max_size=400))
def test_any_bytes_can_be_split(raw: bytes) -> None:
    fields, body, _ = headers.split(raw, 0, len(raw))
    assert 0 <= body <= len(raw)
    for name, value in fields.fields:
        headers.decode_words(value).encode()
        headers.with_parameters(value)
        mailboxes(value)
        headers.instant(value)
        assert name == name.lower()


def test_a_subject_stays_one_line_whatever_its_bytes_turn_out_to_be() -> None:
    raw = b"ulice\x85 v\xb9ude \xb9\xb9\xb9\xec\xf8".decode("utf-8", "surrogateescape")
    assert headers.decode_words(raw) == "ulice všude šššěř"
