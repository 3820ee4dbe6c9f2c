"""A reply token is found, verified, and never taken for genuine when it is not."""

import string
from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.reply_token import ReplyToken, TokenRole, read, reply_address, sign

TICKET = UUID("5f0a4bbd-2f0b-4d0e-9a53-6f2f1c1f7a10")
KEY = b"k" * 32
KEYS = {"a1": KEY}
ALPHABET = string.ascii_lowercase + string.digits + "."

roles = st.sampled_from(list(TokenRole))


def token(role: TokenRole = TokenRole.REPORTER, municipality: str = "lipovany", key: bytes = KEY) -> str:
    return sign(municipality, role, TICKET, key_id="a1", key=key)


@given(
    ticket=st.uuids(),
    role=roles,
    key=st.binary(min_size=16, max_size=64),
    key_id=st.from_regex(r"[a-z0-9]{1,4}", fullmatch=True),
)
def test_a_signed_token_is_read_back_as_genuine(ticket: UUID, role: TokenRole, key: bytes, key_id: str) -> None:
    signed = sign("lipovany", role, ticket, key_id=key_id, key=key)
    assert read(signed, "lipovany", {key_id: key}) == ReplyToken(key_id, role, ticket, genuine=True)
    assert len(reply_address("podatelna@lipovany.test", signed).partition("@")[0]) <= 64


@given(place=st.integers(0, 200), character=st.sampled_from(ALPHABET), role=roles)
def test_a_token_with_any_other_character_is_not_genuine(place: int, character: str, role: TokenRole) -> None:
    signed = token(role)
    place %= len(signed)
    forged = signed[:place] + character + signed[place + 1 :]
    found = read(forged, "lipovany", KEYS)
    assert forged == signed or found is None or not found.genuine


def test_a_token_made_with_another_key_is_not_genuine() -> None:
    found = read(token(key=b"x" * 32), "lipovany", KEYS)
    assert found == ReplyToken("a1", TokenRole.REPORTER, TICKET, genuine=False)


def test_a_token_of_another_municipality_is_not_genuine() -> None:
    found = read(token(municipality="vysoka"), "lipovany", KEYS)
    assert found is not None
    assert not found.genuine


def test_a_token_of_another_role_is_not_genuine() -> None:
    reporter, resolver = token(TokenRole.REPORTER), token(TokenRole.RESOLVER)
    mixed = resolver.rpartition(".")[0] + "." + reporter.rpartition(".")[2]
    found = read(mixed, "lipovany", KEYS)
    assert found is not None
    assert not found.genuine


def test_a_token_under_a_retired_key_is_genuine_while_the_key_is_kept_and_no_longer() -> None:
    old = token()
    new = {"a2": b"n" * 32}
    kept, dropped = read(old, "lipovany", {**new, "a1": KEY}), read(old, "lipovany", new)
    assert kept is not None
    assert kept.genuine
    assert dropped is not None
    assert not dropped.genuine


@pytest.mark.parametrize("change", [str.upper, str.title, str.swapcase])
def test_a_mail_server_may_change_the_case(change: Callable[[str], str]) -> None:
    found = read(change(token()), "lipovany", KEYS)
    assert found is not None
    assert found.genuine


@pytest.mark.parametrize("text", ["", "a1", "novinky", token() + "\n", " " + token(), token() + "a", token()[:-1]])
def test_what_has_not_the_form_of_a_token_is_none(text: str) -> None:
    assert read(text, "lipovany", KEYS) is None


@given(st.text())
def test_no_text_makes_reading_fail(text: str) -> None:
    found = read(text, "lipovany", KEYS)
    assert found is None or not found.genuine


def test_one_ticket_has_one_spelling() -> None:
    head, tail = token().rsplit(".", 1)
    spellings = [f"{head[:-1]}{letter}.{tail}" for letter in string.ascii_lowercase + "234567"]
    genuine = [spelling for spelling in spellings if (found := read(spelling, "lipovany", KEYS)) and found.genuine]
    assert genuine == [token()]


def test_the_token_stands_behind_the_towns_own_local_part() -> None:
    assert reply_address("podatelna@lipovany.test", "a1.r") == "podatelna+a1.r@lipovany.test"


def test_the_format_is_frozen() -> None:
    assert token() == "a1.rl4fexpjpbngq5gstn4xryh32ca.gkz6qmdpjg7uznn2"
