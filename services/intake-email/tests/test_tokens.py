"""Access tokens from a real HTTP endpoint: asked for once, renewed in time, refused with a code."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from intake_email.mailboxes.configuration import Grant, TokenSource
from intake_email.mailboxes.sessions import MailboxFault
from intake_email.mailboxes.tokens import AccessTokens

from .token_server import TokenServer


@pytest.fixture
def endpoint() -> Iterator[TokenServer]:
    with TokenServer() as server:
        yield server


def source(endpoint: TokenServer, grant: Grant = Grant.CLIENT_CREDENTIALS) -> TokenSource:
    return TokenSource(endpoint=f"{endpoint.url}/token", client_id="helpdesk", grant=grant, scope="posta")


def test_client_credentials_are_shown_and_the_token_is_kept_until_a_minute_before_its_end(
    endpoint: TokenServer,
) -> None:
    now = [1_000.0]
    tokens = AccessTokens(source(endpoint), {"client_secret": SecretStr("tajemstvi")}, lambda: now[0])
    assert tokens.get() == tokens.get() == "prukaz-0"
    assert endpoint.asked == [
        {
            "grant_type": "client_credentials",
            "client_id": "helpdesk",
            "client_secret": "tajemstvi",
            "scope": "posta",
        }
    ]
    now[0] += 3_541
    assert tokens.get() == "prukaz-1"


def test_a_refresh_token_is_shown_with_the_clients_secret_where_it_has_one(endpoint: TokenServer) -> None:
    secrets = {"refresh_token": SecretStr("tajemstvi"), "client_secret": SecretStr("jine")}
    AccessTokens(source(endpoint, Grant.REFRESH_TOKEN), secrets).get()
    AccessTokens(source(endpoint, Grant.REFRESH_TOKEN), {"refresh_token": SecretStr("tajemstvi")}).get()
    assert [asked["grant_type"] for asked in endpoint.asked] == ["refresh_token"] * 2
    assert [asked.get("client_secret") for asked in endpoint.asked] == ["jine", None]


def test_a_token_that_the_mail_server_refused_is_not_shown_again(endpoint: TokenServer) -> None:
    tokens = AccessTokens(source(endpoint), {"client_secret": SecretStr("tajemstvi")})
    assert tokens.get() == "prukaz-0"
    tokens.forget()
    assert tokens.get() == "prukaz-1"


@pytest.mark.parametrize(
    ("answer", "reason", "person"),
    [
        ((400, b'{"error": "invalid_grant", "error_description": "tajne"}'), "token-refused", True),
        ((401, b"<html>tajne"), "token-refused", True),
        ((429, b""), "token-endpoint-away", False),
        ((503, b"tajne"), "token-endpoint-away", False),
        ((302, b""), "token-endpoint-away", False),
        ((200, b"tajne"), "token-not-understood", False),
        ((200, b"[1]"), "token-not-understood", False),
        ((200, b'{"access_token": 7}'), "token-not-understood", False),
        ((200, b'{"access_token": "a\\r\\nA1 LOGOUT"}'), "token-not-understood", False),
    ],
)
def test_what_the_endpoint_does_wrong_has_a_code_and_its_words_stay_out_of_the_log(
    endpoint: TokenServer, caplog: pytest.LogCaptureFixture, answer: tuple[int, bytes], reason: str, person: bool
) -> None:
    endpoint.answer = answer
    tokens = AccessTokens(source(endpoint), {"client_secret": SecretStr("tajemstvi")})
    with pytest.raises(MailboxFault) as fault:
        tokens.get()
    assert (fault.value.reason, fault.value.person) == (reason, person)
    assert "tajne" not in str([vars(record) for record in caplog.records])


def test_an_endpoint_that_nobody_answers_at_is_away() -> None:
    away = TokenSource(endpoint="http://127.0.0.1:9/token", client_id="helpdesk")
    with pytest.raises(MailboxFault, match="token-endpoint-away"):
        AccessTokens(away, {"client_secret": SecretStr("tajemstvi")}).get()
