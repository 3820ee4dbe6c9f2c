"""A parsed message as an event: what travels, what is bounded, what is personal."""

import orjson
import pytest

from contracts.envelope import MAXIMUM_EVENT_BYTES, parse_event
from contracts.identity import event_id, pseudonym
from contracts.participants import Proof, Role, Way
from contracts.registry import EVENTS
from contracts.reply_token import TokenRole
from contracts.reports import ExchangeReceived, ReportReceived
from contracts.types import Confidentiality
from intake_email import events
from intake_email.message import parsing

from .builders import (
    ADDRESS,
    CITIZEN,
    KEYS,
    OTHER_TICKET,
    OWN_MESSAGE_ID,
    RECEIVED_AT,
    TICKET,
    TOWN,
    file,
    message,
    multipart,
    part,
    photo,
    registered,
    report,
    text,
    token,
)


def test_the_event_can_be_read_by_the_contracts() -> None:
    done = registered(multipart([part("Výmol"), file(photo(), "image/jpeg", "vymol.jpg")]))
    event = parse_event(done.event.to_bytes(), EVENTS)
    assert event == done.event
    assert event.id == event_id(event.subject, "received")
    assert event.subject == event.data.report_id
    assert event.confidentiality is Confidentiality.RESTRICTED
    assert event.municipality == TOWN


def test_the_same_mail_gives_the_same_event() -> None:
    raw = multipart([part("Výmol"), file(photo(), "image/jpeg", "vymol.jpg")])
    assert registered(raw).event.to_bytes() == registered(raw).event.to_bytes()


def test_a_senders_messages_share_their_key_and_an_anonymous_one_has_its_own() -> None:
    known = registered(message("a")).key
    assert (
        known
        == registered(message("b", From="OBCAN@Example.Test")).key
        == pseudonym(KEYS.pseudonym, TOWN, "email", CITIZEN).encode()
    )
    anonymous = registered(message(From=None), sender="")
    assert anonymous.key == str(anonymous.event.subject).encode()
    assert anonymous.event.data.sender.way is Way.NONE


def test_parts_lie_beside_the_original_and_their_names_are_personal() -> None:
    done = registered(multipart([part("Výmol"), file(photo(), "image/jpeg", "vymol.jpg")]))
    data = done.event.data
    [kept] = data.parts
    assert kept.name == "part-1"
    assert kept.key == data.original.key.replace("/raw", "/parts/part-1")
    assert [(stored.key, stored.content) for stored in done.stored] == [(kept.key, photo())]
    assert data.personal.file_names == {"part-1": "vymol.jpg"}
    assert [place.part for place in data.personal.photo_places] == ["part-1"]


@pytest.mark.parametrize("field", ["To", "Cc"])
@pytest.mark.parametrize("role", [TokenRole.REPORTER, TokenRole.BODY])
def test_a_mail_in_two_transactions_is_the_same_follow_up_whichever_comes_first(role: TokenRole, field: str) -> None:
    ours = f"{ADDRESS}, Helpdesk <podatelna+{token(role).upper()}@Lipovany.test>"
    raw = message(**{field: ours})
    plain, by_token = registered(raw), registered(raw, tag=token(role))
    assert plain.event.to_bytes() == by_token.event.to_bytes()
    assert plain.event.data.follow_up is not None
    assert plain.event.data.follow_up.ticket_id == TICKET


@pytest.mark.parametrize(
    "address",
    [
        f"podatelna+{token(TokenRole.REPORTER, key=b'x' * 32)}@lipovany.test",
        f"podatelna+{token(TokenRole.REPORTER, municipality='hora')}@lipovany.test",
        f"podatelna+{token(TokenRole.REPORTER)}@jinde.test",
    ],
)
def test_a_written_token_that_is_not_ours_says_nothing(address: str) -> None:
    data = report(message(To=f"{ADDRESS}, {address}"))
    assert data.follow_up is None
    assert data.hints.tickets == []


def test_the_address_to_which_it_came_goes_before_those_that_are_written() -> None:
    written = f"podatelna+{token(TokenRole.REPORTER, OTHER_TICKET)}@lipovany.test"
    data = report(message(To=written), tag=token(TokenRole.REPORTER))
    assert data.follow_up is not None
    assert data.follow_up.ticket_id == TICKET


@pytest.mark.parametrize(("role", "who"), [(TokenRole.REPORTER, Role.REPORTER), (TokenRole.RESOLVER, Role.RESOLVER)])
def test_a_genuine_token_makes_a_follow_up(role: TokenRole, who: Role) -> None:
    data = report(message(), tag=token(role))
    assert isinstance(data, ReportReceived)
    assert data.follow_up is not None
    assert (data.follow_up.ticket_id, data.follow_up.role, data.follow_up.key_id) == (TICKET, role, "a1")
    assert (data.sender.role, data.sender.proof) == (who, Proof.TOKEN)
    assert data.hints.tickets == []


def test_a_bodys_token_makes_an_answer_of_the_body() -> None:
    data = report(message(), tag=token(TokenRole.BODY).upper())
    assert isinstance(data, ExchangeReceived)
    assert data.sender.role is Role.BODY


def test_a_reply_with_a_forged_token_is_only_hinted_at() -> None:
    for forged in (token(TokenRole.BODY, key=b"x" * 32), token(TokenRole.REPORTER, municipality="jinde")):
        data = report(message(), tag=forged)
        assert isinstance(data, ReportReceived)
        assert data.follow_up is None
        assert data.hints.tickets == [TICKET]
        assert (data.sender.role, data.sender.proof) == (Role.REPORTER, Proof.NONE)


def test_a_tag_that_is_no_token_means_nothing() -> None:
    assert report(message(), tag="lampy").hints.tickets == []


def test_of_several_tokens_the_genuine_one_counts() -> None:
    raw = message()
    tags = (token(TokenRole.BODY, OTHER_TICKET, key=b"x" * 32), token(TokenRole.REPORTER))
    came = events.arrival(parsing.identify(raw), raw, municipality=TOWN, tags=tags, received_at=RECEIVED_AT)
    data = events.register(parsing.parse(raw, envelope_sender="", domains=()), came, KEYS).event.data
    assert data.follow_up.ticket_id == TICKET


def test_our_message_ids_and_numbers_are_hints() -> None:
    data = report(message(Subject="Re: 2026-000123", References=f"<x@y> {OWN_MESSAGE_ID}", In_Reply_To=OWN_MESSAGE_ID))
    assert data.hints.numbers == ["2026-000123"]
    assert data.hints.tickets == [TICKET]


def test_a_long_text_travels_by_reference() -> None:
    whole = "Výmol v Lipové ulici. " * 5_000
    done = registered(text(whole))
    data = done.event.data
    assert len(data.personal.text) == events.MAXIMUM_TEXT
    assert whole.startswith(data.personal.text)
    assert data.text_key == data.original.key.replace("/raw", "/text")
    assert [stored.content.decode() for stored in done.stored] == [whole.strip()]


@pytest.mark.parametrize("letter", ["😀", '"', "\\", "ř", "\n<", "\x00x"])
def test_the_greatest_message_stays_below_the_greatest_event(letter: str) -> None:
    names = [file(b"x", "application/octet-stream", letter.strip() * 200 + f"{number}.bin") for number in range(80)]
    references = " ".join(f"<{'😀' * 240}{number}@example.test>" for number in range(50))
    quoted = "\n> ".join([letter * 1_000] * 50)
    raw = multipart(
        [
            part(letter * 200_000 + f"\r\nDne 24. 11. 2026 kdosi napsal(a):\r\n> {quoted}\r\n-- \r\n{letter * 5_000}"),
            *names,
        ],
        Subject=letter.strip() * 2_000,
        From=f"{letter.strip() * 500} <{CITIZEN}>",
        References=references,
    )
    value = registered(raw).event.to_bytes()
    assert len(value) < MAXIMUM_EVENT_BYTES


def test_the_text_is_never_cut_by_more_than_its_bounds_ask() -> None:
    assert events._beginning("ř" * 100, 50, 1_000) == "ř" * 50
    cut = events._beginning("😀" * 100, 100, 102)
    assert len(orjson.dumps(cut)) <= 102
    assert len(cut) >= 24


def test_an_unparsable_message_is_registered_with_what_the_transport_knows() -> None:
    raw = message()
    came = events.arrival(
        parsing.identify(raw), raw, municipality=TOWN, tags=(token(TokenRole.REPORTER),), received_at=RECEIVED_AT
    )
    done = events.register_unparsable(came, KEYS, CITIZEN)
    assert done.event.data.defects == ["unparsable"]
    assert done.event.data.personal.sender.address == CITIZEN
    assert done.event.data.follow_up.ticket_id == TICKET
    assert events.register_unparsable(came, KEYS, "").event.data.automatic == "generated"
    assert events.register_unparsable(came, KEYS, "\udcff@example.test").event.to_bytes()
