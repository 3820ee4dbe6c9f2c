"""XOAUTH2 at a real Dovecot that asks the token server whether a token holds."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from intake_email.mailboxes.configuration import Mailbox
from intake_email.mailboxes.tokens import AccessTokens

from .fetching import House, house
from .mail_servers import DONE, Person, dovecot, mailbox_at, opening_of
from .test_mailboxes import eventually, letter, running
from .token_server import TokenServer

pytestmark = pytest.mark.integration


@pytest.fixture
def in_house() -> Iterator[House]:
    with house() as made:
        yield made


def with_tokens(endpoint: TokenServer, server: Any, secret: str) -> tuple[Mailbox, AccessTokens]:
    token = {"endpoint": f"{endpoint.url}/token", "client_id": "helpdesk"}
    mailbox = mailbox_at(server, login="xoauth2", token=token)
    assert mailbox.token is not None
    return mailbox, AccessTokens(mailbox.token, {"client_secret": SecretStr(secret)})


def test_a_mailbox_is_reached_with_a_token_and_a_revoked_one_is_replaced(in_house: House) -> None:
    with TokenServer() as endpoint, dovecot(oauth2=f"{endpoint.url}/introspect") as server:
        server.deliver(letter(), name="1.a")
        mailbox, tokens = with_tokens(endpoint, server, endpoint.secret)
        endpoint.revoked.add("prukaz-0")
        fetcher = in_house.fetcher(mailbox, opening_of(mailbox, tokens=tokens))
        with Person(server) as person, running(fetcher):
            eventually(lambda: len(person.lying(DONE)) == 1)
        assert endpoint.given == ["prukaz-0", "prukaz-1"]


def test_a_client_whose_secret_expired_is_told_by_a_code(in_house: House) -> None:
    with TokenServer() as endpoint, dovecot(oauth2=f"{endpoint.url}/introspect") as server:
        mailbox, tokens = with_tokens(endpoint, server, "prosle")
        fetcher = in_house.fetcher(mailbox, opening_of(mailbox, tokens=tokens))
        with running(fetcher):
            eventually(lambda: fetcher.status.check() == "token-refused")
