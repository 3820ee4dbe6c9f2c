"""Ids must never change: they tell a repeat from something new. The golden files are written by hand once and never again."""

import json
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import identity

GOLDEN = Path(__file__).parent / "golden"
REPORT_IDS: dict[str, str] = json.loads((GOLDEN / "report-ids.json").read_text())
OTHER_IDS: dict[str, str] = json.loads((GOLDEN / "other-ids.json").read_text())
HEADERS = ("message-id", "date", "from", "subject")


def report_id(message: str, municipality: str = "lipovany") -> str:
    """The id of a golden message, with the simplest reading of raw headers: values as they came, folds and all."""
    raw = (GOLDEN / "messages" / f"{message}.eml").read_bytes()
    end = b"\r\n" if b"\r\n\r\n" in raw else b"\n"
    head, _, body = raw.partition(end * 2)
    values = dict.fromkeys(HEADERS, "")
    name = ""
    for line in head.decode("ascii", "surrogateescape").split(end.decode()):
        if line[0] in " \t":
            if name in values:
                values[name] += end.decode() + line
            continue
        name, _, value = line.partition(":")
        name = name.lower()
        if name in values:
            values[name] = value
    message_id, date, sender, subject = (values[header] for header in HEADERS)
    return str(
        identity.email_report_id(
            municipality, message_id=message_id, date=date, sender=sender, subject=subject, body=body
        )
    )


@pytest.mark.parametrize("message", sorted(path.stem for path in (GOLDEN / "messages").glob("*.eml")))
def test_a_message_keeps_its_frozen_id(message: str) -> None:
    assert report_id(message) == REPORT_IDS[message]


def test_every_frozen_id_has_its_message() -> None:
    assert {path.stem for path in (GOLDEN / "messages").glob("*.eml")} == REPORT_IDS.keys()


@pytest.mark.parametrize(
    "retry", ["line-ends-converted", "other-way", "headers-refolded", "blank-line-added-at-the-end"]
)
def test_a_retry_by_another_way_is_the_same_report(retry: str) -> None:
    assert report_id(retry) == report_id("plain")


@pytest.mark.parametrize(
    "other",
    [
        "stolen-message-id",
        "stolen-message-id-same-headers",
        "no-message-id",
        "no-headers-but-from",
        "header-bytes-not-utf-8",
        "body-not-utf-8",
        "empty-body",
        "sent-again-later",
    ],
)
def test_another_message_is_another_report(other: str) -> None:
    assert report_id(other) != report_id("plain")


def test_different_bytes_that_are_not_utf_8_stay_different() -> None:
    assert report_id("header-bytes-not-utf-8") != report_id("other-header-bytes-not-utf-8")


def test_a_missing_message_id_is_the_same_as_an_empty_one() -> None:
    assert report_id("no-message-id") == report_id("empty-message-id")


def test_the_same_message_to_another_municipality_is_another_report() -> None:
    assert report_id("plain", "vysoka") != report_id("plain")


@given(
    facts=st.tuples(*[st.text(st.characters(codec="ascii"), max_size=4)] * 4),
    other=st.tuples(*[st.text(st.characters(codec="ascii"), max_size=4)] * 4),
)
def test_text_moved_from_one_header_to_the_next_makes_another_id(
    facts: tuple[str, ...], other: tuple[str, ...]
) -> None:
    def id_of(values: tuple[str, ...]) -> UUID:
        message_id, date, sender, subject = values
        return identity.email_report_id(
            "lipovany", message_id=message_id, date=date, sender=sender, subject=subject, body=b""
        )

    same = [" ".join(fact.split()) for fact in facts] == [" ".join(fact.split()) for fact in other]
    assert (id_of(facts) == id_of(other)) == same


def test_derived_ids_are_frozen() -> None:
    cause = UUID("00000000-0000-4000-8000-000000000001")
    assert {
        "plain.eml in vysoka": report_id("plain", "vysoka"),
        "event of cause, received": str(identity.event_id(cause, "received")),
        "event of cause, opened": str(identity.event_id(cause, "opened")),
        "ticket of cause": str(identity.ticket_id(cause)),
        "delivery of cause to p1 by email": str(identity.delivery_id(cause, "p1", "email")),
        "pseudonym of obcan@example.test": identity.pseudonym(b"key", "lipovany", "email", "obcan@example.test"),
    } == OTHER_IDS


def test_the_same_cause_gives_different_ids_for_different_purposes() -> None:
    cause = UUID("00000000-0000-4000-8000-000000000001")
    ids = {
        identity.event_id(cause, "opened"),
        identity.event_id(cause, "numbered"),
        identity.ticket_id(cause),
        identity.delivery_id(cause, "opened", "email"),
        identity.delivery_id(cause, "opened", "sms"),
    }
    assert len(ids) == 5


def test_a_pseudonym_does_not_depend_on_the_case_of_an_address_but_on_town_channel_and_key() -> None:
    mine = identity.pseudonym(b"key", "lipovany", "email", "obcan@example.test")
    assert identity.pseudonym(b"key", "lipovany", "email", " Obcan@EXAMPLE.test ") == mine
    others = {
        identity.pseudonym(b"key", "vysoka", "email", "obcan@example.test"),
        identity.pseudonym(b"key", "lipovany", "phone", "obcan@example.test"),
        identity.pseudonym(b"other", "lipovany", "email", "obcan@example.test"),
        identity.pseudonym(b"key", "lipovany", "email", "obcan2@example.test"),
    }
    assert len(others | {mine}) == 5
