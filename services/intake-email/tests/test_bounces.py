"""Delivery reports, in the standard form and in servers' own words."""

import pytest

from contracts.identity import pseudonym
from contracts.reply_token import TokenRole
from contracts.reports import Automatic, DeliveryAction

from .builders import (
    ADDRESS,
    CITIZEN,
    DELIVERY,
    KEYS,
    OTHER_TICKET,
    OWN_MESSAGE_ID,
    TICKET,
    TOWN,
    delivery,
    message,
    multipart,
    part,
    registered,
    report,
    token,
)

STATUS = (
    "Reporting-MTA: dns; mx.example.test\r\n\r\n"
    f"Original-Recipient: rfc822;{CITIZEN}\r\nFinal-Recipient: rfc822; jiny@example.test\r\n"
    "Action: failed\r\nStatus: 5.1.1 (bad mailbox)\r\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\r\n"
)
RETURNED = f"From: Lipovany <{ADDRESS}>\r\nMessage-ID: {OWN_MESSAGE_ID}\r\nSubject: Vase podani\r\n\r\n"


def _report(status: str = STATUS, returned: str = RETURNED, kind: str = "text/rfc822-headers", **changed: str) -> bytes:
    parts = [part("Mail could not be delivered."), part(status, "message/delivery-status"), part(returned, kind)]
    return multipart(
        parts,
        "report",
        parameters="; report-type=delivery-status",
        From="MAILER-DAEMON@mx.example.test",
        Subject="Undelivered",
        **changed,
    )


def test_a_standard_report_names_ticket_delivery_action_and_status() -> None:
    data = delivery(_report(), tag=token(TokenRole.BOUNCE))
    assert data.ticket_id == TICKET
    assert data.delivery_id == DELIVERY
    assert data.action is DeliveryAction.FAILED
    assert data.status == "5.1.1"
    assert data.recipient == pseudonym(KEYS.pseudonym, TOWN, "email", CITIZEN)
    assert data.personal.recipient == CITIZEN
    assert data.personal.diagnostic == "550 5.1.1 User unknown"
    assert data.defects == []


@pytest.mark.parametrize("kind", ["message/rfc822", "message/rfc822-headers", "message/global"])
def test_the_returned_message_is_found_in_all_its_forms(kind: str) -> None:
    assert delivery(_report(kind=kind)).delivery_id == DELIVERY


def test_a_report_without_our_signed_address_names_no_ticket() -> None:
    assert delivery(_report()).ticket_id is None
    assert delivery(_report(), tag=token(TokenRole.BOUNCE, key=b"x" * 32)).ticket_id is None


def test_a_returned_message_of_another_case_is_not_believed() -> None:
    data = delivery(_report(), tag=token(TokenRole.BOUNCE, OTHER_TICKET))
    assert data.ticket_id == OTHER_TICKET
    assert data.delivery_id is None
    assert data.defects == ["returned-message-differs"]


@pytest.mark.parametrize(
    ("action", "status", "expected"),
    [
        ("delayed", "4.4.1", DeliveryAction.DELAYED),
        ("Delivered", "2.0.0", DeliveryAction.DELIVERED),
        ("relayed", "2.1.9", DeliveryAction.RELAYED),
        ("nonsense", "4.0.0", DeliveryAction.DELAYED),
        ("nonsense", "nonsense", DeliveryAction.FAILED),
        ("failed (given up)", "5.0.0", DeliveryAction.FAILED),
    ],
)
def test_actions_are_read(action: str, status: str, expected: DeliveryAction) -> None:
    text = (
        f"Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; {CITIZEN}\r\nAction: {action}\r\nStatus: {status}\r\n"
    )
    assert delivery(_report(text)).action is expected


def test_of_several_recipients_the_worst_counts() -> None:
    blocks = "".join(
        f"\r\nFinal-Recipient: rfc822; {name}@example.test\r\nAction: {action}\r\n"
        for name, action in (("prvni", "delivered"), ("druhy", "failed"), ("treti", "delayed"))
    )
    data = delivery(_report("Reporting-MTA: dns; x\r\n" + blocks))
    assert data.action is DeliveryAction.FAILED
    assert data.personal.recipient == "druhy@example.test"


def test_a_report_travels_under_its_own_id_because_machines_need_no_order() -> None:
    done = registered(_report(), sender="")
    assert done.key == str(done.event.subject).encode()
    assert done.stored == ()


QMAIL = (
    "Hi. This is the qmail-send program at mx.example.test.\r\n\r\n"
    f"<{CITIZEN}>:\r\nSorry, no mailbox here by that name. (#5.1.1)\r\n\r\n--- Below this line is a copy of the message.\r\n\r\n"
)
EXIM = f"A message that you sent could not be delivered.\r\n\r\n  {CITIZEN}\r\n    550 No such user\r\n"
SEZNAM = f"Vaše zpráva nemohla být doručena na adresu <{CITIZEN}>: 5.2.2 schránka je plná.\r\n"
DELAYED = f"This is a warning message only. Delivery to {CITIZEN} has been delayed; it will be retried.\r\n"


@pytest.mark.parametrize(
    ("text", "subject", "action", "status"),
    [
        (QMAIL, "failure notice", DeliveryAction.FAILED, "5.1.1"),
        (EXIM, "Mail delivery failed: returning message to sender", DeliveryAction.FAILED, None),
        (SEZNAM, "Nedoručitelná zpráva", DeliveryAction.FAILED, "5.2.2"),
        (DELAYED, "Warning: message delayed 24 hours", DeliveryAction.DELAYED, None),
    ],
)
def test_reports_in_a_servers_own_words_are_read(
    text: str, subject: str, action: DeliveryAction, status: str | None
) -> None:
    raw = message(
        (text + f"Message-ID: {OWN_MESSAGE_ID}\r\n").encode(),
        From="MAILER-DAEMON@mx.example.test",
        Subject=subject.encode(),
        Content_Type="text/plain; charset=utf-8",
    )
    data = delivery(raw, tag=token(TokenRole.BOUNCE))
    assert (data.action, data.status) == (action, status)
    assert data.personal.recipient == CITIZEN
    assert data.delivery_id == DELIVERY


def test_a_servers_own_words_about_a_message_that_is_not_ours_are_a_report_of_a_machine() -> None:
    data = report(message(EXIM, From="MAILER-DAEMON@mx.example.test", Subject="Mail delivery failed"), sender="")
    assert data.automatic is Automatic.BOUNCE
    assert data.sender.automatic


def test_a_citizen_who_writes_about_undelivered_mail_is_a_citizen() -> None:
    data = report(message("Nebyla mi doručena složenka.".encode(), Subject=b"Nedorucena zasilka"))
    assert data.automatic is Automatic.NO


def test_an_out_of_office_answer_to_the_bounce_address_is_no_bounce() -> None:
    data = report(
        message("Jsem mimo.", Subject="Automatic reply: Vase podani", Auto_Submitted="auto-replied"),
        tag=token(TokenRole.BOUNCE),
        sender="",
    )
    assert data.automatic is Automatic.REPLIED
    assert data.follow_up is not None
    assert data.follow_up.role is TokenRole.BOUNCE


def test_nonsense_in_a_status_part_is_no_delivery_report() -> None:
    data = report(_report("\r\n\r\n\x00\x01 nothing here", "Subject: not ours\r\n\r\n"), sender=CITIZEN)
    assert data.automatic is Automatic.BOUNCE
