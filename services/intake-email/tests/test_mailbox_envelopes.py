"""The envelope of a mail that lies in a mailbox: from the headers that the delivering server wrote, else from the mailbox."""

import pytest

from contracts.reply_token import TokenRole
from intake_email.mailboxes import envelopes
from intake_email.mailboxes.configuration import Mailbox
from intake_email.recipients import AddressBook

from .builders import ADDRESS, RECEIVED_AT, message, token

ADDRESSES = AddressBook.read(f"{ADDRESS}=lipovany,hlaseni@lipovany.test=lipovany,podatelna@lhota.test=lhota")
MAILBOX = Mailbox(name="podatelna", address=ADDRESS, host="imap.lipovany.test", user=ADDRESS)


def recipients(**headers: str | bytes | None) -> list[tuple[str, str, str]]:
    mail = envelopes.mail_of(message(**headers), MAILBOX, ADDRESSES, RECEIVED_AT)
    return [(address, one.municipality, one.tag) for address, one in mail.recipients]


@pytest.mark.parametrize(
    ("header", "sender"),
    [
        ("<obcan@example.test>", "obcan@example.test"),
        ("obcan@example.test", "obcan@example.test"),
        ("<>", ""),
        (" < > ", ""),
        (None, None),
        ("nesmysl", None),
    ],
)
def test_the_sender_is_the_return_path_and_unknown_is_not_the_null_one(header: str | None, sender: str | None) -> None:
    mail = envelopes.mail_of(message(Return_Path=header), MAILBOX, ADDRESSES, RECEIVED_AT)
    assert mail.sender == sender


def test_where_it_was_delivered_to_comes_before_what_is_written_in_to() -> None:
    tag = token(TokenRole.REPORTER)
    delivered = f"podatelna+{tag}@lipovany.test"
    assert recipients(Delivered_To=delivered, To="hlaseni@lipovany.test") == [(delivered, "lipovany", tag)]
    assert recipients(X_Original_To=delivered, To="hlaseni@lipovany.test") == [(delivered, "lipovany", tag)]


def test_without_it_to_and_cc_name_our_addresses() -> None:
    found = recipients(To="Nekdo <kdosi@example.test>, hlaseni@lipovany.test", Cc=ADDRESS)
    assert found == [("hlaseni@lipovany.test", "lipovany", ""), (ADDRESS, "lipovany", "")]


@pytest.mark.parametrize("to", ["kdosi@example.test", None, "podatelna@lhota.test", "\xff@"])
def test_a_mail_in_a_mailbox_is_its_towns_whatever_the_writer_says(to: str | None) -> None:
    assert recipients(To=to) == [(ADDRESS, "lipovany", "")]


def test_a_mail_delivered_to_an_alias_that_is_no_address_of_ours_is_the_mailboxes() -> None:
    assert recipients(Delivered_To="podatelna@lipovany.onmicrosoft.test", To=None) == [(ADDRESS, "lipovany", "")]


def test_a_mail_that_goes_round_in_a_circle_is_refused() -> None:
    hops = b"".join(b"Received: from a by b\r\n" for _ in range(envelopes.MAXIMUM_HOPS))
    assert envelopes.refusal(hops + message(), 100_000) is None
    assert envelopes.refusal(hops + b"Received: from a by b\r\n" + message(), 100_000) == "loop"


def test_a_mail_over_the_limit_is_refused() -> None:
    raw = message()
    assert envelopes.refusal(raw, len(raw)) is None
    assert envelopes.refusal(raw, len(raw) - 1) == "too-large"
