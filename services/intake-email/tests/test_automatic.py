"""Machines are known by what they say of themselves."""

import pytest

from contracts.reports import Automatic

from .builders import CITIZEN, OWN_MESSAGE_ID, message, multipart, parse, part


def _automatic(sender: str = CITIZEN, **changed: str) -> Automatic:
    return parse(message(**changed), sender).automatic


def test_a_person_is_no_machine() -> None:
    assert _automatic() is Automatic.NO
    assert _automatic(Auto_Submitted="no") is Automatic.NO


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("Auto-Submitted", "auto-replied", Automatic.REPLIED),
        ("Auto-Submitted", "Auto-Replied (vacation)", Automatic.REPLIED),
        ("Auto-Submitted", "auto-generated; owner-email=x", Automatic.GENERATED),
        ("Auto-Submitted", "auto-notified", Automatic.GENERATED),
        ("X-Autoreply", "yes", Automatic.REPLIED),
        ("X-Autorespond", "x", Automatic.REPLIED),
        ("Precedence", "auto_reply", Automatic.REPLIED),
        ("X-POST-MessageClass", "9; Autoresponder", Automatic.REPLIED),
        ("Precedence", "bulk", Automatic.BULK),
        ("Precedence", "list", Automatic.BULK),
        ("List-Id", "<zpravy.example.test>", Automatic.BULK),
        ("List-Unsubscribe", "<mailto:x@example.test>", Automatic.NO),
        ("Feedback-ID", "1:2:3:example", Automatic.NO),
        ("X-Auto-Response-Suppress", "All", Automatic.GENERATED),
        ("X-Auto-Response-Suppress", "DR, OOF, AutoReply", Automatic.NO),
        ("X-Auto-Response-Suppress", "OOF", Automatic.NO),
        ("X-Auto-Response-Suppress", "DR, All", Automatic.GENERATED),
        ("X-Auto-Response-Suppress", "RN, NRN, DR", Automatic.NO),
        ("Precedence", "first-class", Automatic.NO),
    ],
)
def test_marks_of_machines(field: str, value: str, kind: Automatic) -> None:
    assert _automatic(**{field: value}) is kind


def test_a_null_return_path_is_a_machine() -> None:
    assert _automatic("") is Automatic.GENERATED
    assert _automatic("", Subject="Automatická odpověď: Lampa") is Automatic.REPLIED


def test_a_subject_alone_is_a_weak_sign() -> None:
    assert _automatic(Subject="Automatická odpověď: Lampa") is Automatic.NO
    assert _automatic(Subject="Automatická odpověď: Lampa", In_Reply_To="<x@lipovany.test>") is Automatic.REPLIED
    assert _automatic(Subject="Automatic reply: Lampa", X_Auto_Response_Suppress="OOF") is Automatic.REPLIED
    assert _automatic(Subject="Undeliverable: Lampa") is Automatic.NO


def test_our_own_mail_that_came_back_is_known_by_its_message_id() -> None:
    assert _automatic(Message_ID=OWN_MESSAGE_ID) is Automatic.OWN
    assert _automatic(Message_ID=OWN_MESSAGE_ID.replace("lipovany.test", "jinde.test")) is Automatic.NO


def test_a_reading_receipt_is_an_automatic_reply() -> None:
    parts = [part("Zpráva byla přečtena."), part("Disposition: x", "message/disposition-notification")]
    raw = multipart(parts, "report", parameters="; report-type=disposition-notification")
    assert parse(raw).automatic is Automatic.REPLIED
    assert parse(raw).returned is None
