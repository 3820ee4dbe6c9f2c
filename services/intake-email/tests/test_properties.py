"""What holds whatever is written: addresses, dates, ids, tokens, file names, HTML."""

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from contracts.reply_token import TokenRole, read, reply_address, sign
from intake_email.message import attachments, charsets, headers, hypertext
from intake_email.message.addresses import Mailbox, is_address, mailboxes
from intake_email.recipients import AddressBook

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp")), max_size=40)
LOCAL = st.from_regex(r"[a-z0-9](?:[a-z0-9._+-]{0,20}[a-z0-9])?", fullmatch=True)
ADDRESS = st.builds(
    "{}@{}.test".format, LOCAL, st.from_regex(r"[a-z][a-z0-9]{0,10}(?:-[a-z0-9]{1,5})?", fullmatch=True)
)
BOOK = AddressBook.read("podatelna@lipovany.test=lipovany")


@given(ADDRESS, WORDS)
def test_who_stands_in_brackets_is_the_sender_whatever_his_name(address: str, name: str) -> None:
    quoted = name.replace("\\", "").replace('"', "")
    assert [found.address for found in mailboxes(f'"{quoted}" <{address}>')] == [address]


@given(ADDRESS, ADDRESS)
def test_an_unquoted_name_that_is_an_address_is_a_name(address: str, pretended: str) -> None:
    assert mailboxes(f"{pretended} <{address}>") == [Mailbox(address, pretended)]


@given(st.lists(ADDRESS, min_size=1, max_size=10))
def test_all_addresses_of_a_field_are_read_in_order(addresses: list[str]) -> None:
    assert [found.address for found in mailboxes(", ".join(addresses))] == addresses


@given(st.text(max_size=300))
def test_what_is_read_as_an_address_is_one_and_stays_one_line(value: str) -> None:
    for found in mailboxes(value):
        assert is_address(found.address)
        assert "\n" not in found.address + found.name


@given(st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_a_date_as_mail_writes_it_is_that_instant(moment: datetime, minutes: int) -> None:
    written = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    assert headers.instant(format_datetime(written)) == written.astimezone(UTC)


@given(st.text(max_size=100))
def test_any_date_is_an_instant_in_utc_or_none(value: str) -> None:
    found = headers.instant(value)
    assert found is None or found.utcoffset() == timedelta(0)


@given(st.lists(st.from_regex(r"[a-z0-9.]{1,30}@[a-z0-9.]{1,30}", fullmatch=True), max_size=10, unique=True))
def test_message_ids_are_read_in_order_each_once(ids: list[str]) -> None:
    assert headers.message_ids(" ".join(f"<{one}>" for one in [*ids, *ids])) == ids


@given(st.uuids(), st.sampled_from(TokenRole), st.binary(min_size=16, max_size=40))
def test_a_token_comes_back_through_an_address_in_any_case(ticket: UUID, role: TokenRole, key: bytes) -> None:
    address = reply_address("podatelna@lipovany.test", sign("lipovany", role, ticket, key_id="a1", key=key))
    found = BOOK.find(address.upper())
    assert found is not None
    token = read(found.tag, "lipovany", {"a1": key})
    assert token is not None
    assert (token.ticket_id, token.role, token.genuine) == (ticket, role, True)


@given(st.uuids(), st.integers(0, 60), st.characters(codec="ascii"))
def test_a_changed_token_is_never_genuine(ticket: UUID, at: int, letter: str) -> None:
    token = sign("lipovany", TokenRole.REPORTER, ticket, key_id="a1", key=b"k" * 32)
    at %= len(token)
    changed = token[:at] + letter + token[at + 1 :]
    found = read(changed, "lipovany", {"a1": b"k" * 32})
    assert found is None or not found.genuine or changed.lower() == token


@given(st.text(max_size=400))
def test_a_file_name_is_safe_and_stays_the_same_when_made_safe_again(name: str) -> None:
    safe = attachments.safe_file_name(name)
    if safe is not None:
        assert not re.search(r'[\x00-\x1f\x7f/\\<>:"|?*\u202a-\u202e\u2066-\u2069]', safe)
        assert safe == safe.strip(" .")
        assert attachments.safe_file_name(safe) == safe


@given(WORDS)
def test_words_come_out_of_html_as_they_went_in(words: str) -> None:
    escaped = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text, _ = hypertext.to_text(f"<div><p>{escaped}</p></div>")
    assert text.split() == words.split()


@given(st.text("<>/!-=\"' abpsdivcrt&;#", max_size=300))
def test_no_markup_makes_hidden_words_seen_or_raises(noise: str) -> None:
    text, _ = hypertext.to_text(f"<p>vidno</p><script>tajne</script><p style='display:none'>skryto</p><p>{noise}")
    assert "vidno" in text
    assert "tajne" not in text


@given(st.text(max_size=300))
def test_a_line_is_one_line_without_marks_of_direction(text: str) -> None:
    line = charsets.one_line(text)
    assert not re.search("[\n\r\u202a-\u202e\u2066-\u2069\u200e\u200f]", line)
    assert charsets.one_line(line) == line
