"""The town from outside: an e-mail client, a mailbox and a staff member's API client. No service's code, only the wire."""

import re
import smtplib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Any, TypeVar, cast

import httpx

TOWN = "podatelna@lipovany.test"
ACCEPTED = 250
REPORT_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
Found = TypeVar("Found")


def eventually(look: Callable[[], Found | None], what: str, seconds: float = 30, *, every: float = 0.05) -> Found:
    """Waits until `look` finds something true, looking again and again after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"did not happen within {seconds:.0f} s: {what}"
        threading.Event().wait(every)
    return found


def letter(
    sender: str,
    subject: str,
    text: str,
    *,
    to: str = TOWN,
    photo: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> EmailMessage:
    """A mail as an ordinary client writes it."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = format_datetime(datetime.now().astimezone())
    message["Message-ID"] = make_msgid(domain=sender.partition("@")[2])
    for name, value in (headers or {}).items():
        del message[name]
        message[name] = value
    message.set_content(text)
    if photo is not None:
        message.add_attachment(photo, maintype="image", subtype="jpeg", filename="fotka.jpg")
    return message


@dataclass(frozen=True)
class Caught:
    """A mail that the town sent, as its relay got it."""

    envelope_from: str
    envelope_to: str
    message: EmailMessage

    @property
    def text(self) -> str:
        """The plain part."""
        part = self.message.get_body(("plain",))
        return str(part.get_content()) if part is not None else ""

    @property
    def attachments(self) -> list[EmailMessage]:
        """Files that came along."""
        return list(self.message.iter_attachments())


class Postbox:
    """What the town's relay took, by recipient."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, Caught] = {}

    def all(self) -> list[Caught]:
        """Every mail so far, in the order of arrival."""
        for path in sorted(self._folder.glob("[0-9]*.eml")):
            if path not in self._read:
                self._read[path] = _caught(path.read_bytes())
        return [self._read[path] for path in sorted(self._read)]

    def to(self, address: str, containing: str = "") -> list[Caught]:
        """Those to one address whose subject or text holds a phrase."""
        return [
            mail
            for mail in self.all()
            if mail.envelope_to == address and containing in f"{mail.message['Subject']}\n{mail.text}"
        ]

    def one(self, address: str, containing: str = "", seconds: float = 30) -> Caught:
        """Waits for the first such mail."""
        found = eventually(lambda: self.to(address, containing), f"a mail about “{containing}”", seconds)
        return found[0]


def _caught(content: bytes) -> Caught:
    message = message_from_bytes(content, policy=default)
    return Caught(str(message["X-Envelope-From"]), str(message["X-Envelope-To"]), message)


class Citizen:
    """Hands mails in over SMTP."""

    def __init__(self, host: str, port: int, *, patience: float = 60) -> None:
        self._host, self._port, self._patience = host, port, patience

    def send(self, message: EmailMessage | bytes, *, sender: str | None = None, to: str = TOWN) -> str:
        """Returns the report's id from the server's 250; raises smtplib's errors on refusal."""
        content = message if isinstance(message, bytes) else message.as_bytes(policy=SMTP)
        if sender is None:
            sender = str(message["From"]) if isinstance(message, EmailMessage) else ""
        with smtplib.SMTP(self._host, self._port, timeout=self._patience) as connection:
            connection.ehlo()
            _expect(connection.mail(sender), sender)
            _expect(connection.rcpt(to), to)
            code, answer = connection.data(content)
        if code != ACCEPTED:
            raise smtplib.SMTPDataError(code, answer)
        named = REPORT_ID.search(answer.decode())
        assert named is not None, "the 250 names the report"
        return named.group()


def _expect(answer: tuple[int, bytes], address: str) -> None:
    if answer[0] != ACCEPTED:
        raise smtplib.SMTPRecipientsRefused({address: answer})


class Staff:
    """A member of staff at the API."""

    def __init__(self, base: str, token: str | None) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self.http = httpx.Client(base_url=base, headers=headers, timeout=30)

    def report(self, report_id: str) -> dict[str, Any] | None:
        """What became of a report; None while the register does not know it."""
        return self._found(f"/reports/{report_id}")

    def ticket(self, ticket_id: str) -> dict[str, Any] | None:
        """The case, or None where there is none for this person."""
        return self._found(f"/tickets/{ticket_id}")

    def ticket_of(self, report_id: str, seconds: float = 30) -> dict[str, Any]:
        """Waits until a report's case is routed: numbered, or set aside."""

        def look() -> dict[str, Any] | None:
            outcome = self.report(report_id)
            return self._routed(outcome["ticket_id"]) if outcome and outcome.get("ticket_id") else None

        return eventually(look, "the report's case is routed", seconds)

    def routed(self, ticket_id: str) -> dict[str, Any]:
        """Waits until a case is routed: who changes it before meets the router's own change."""
        return eventually(lambda: self._routed(ticket_id), "the case is routed")

    def _routed(self, ticket_id: str) -> dict[str, Any] | None:
        ticket = self.ticket(ticket_id)
        return ticket if ticket and (ticket.get("number") or ticket["state"] == "set_aside") else None

    def change(self, ticket_id: str, what: str, body: dict[str, Any], **headers: str) -> httpx.Response:
        """POST of a change with the present ETag, unless another is given."""
        present = self.http.get(f"/tickets/{ticket_id}")
        sent = {"If-Match": present.headers.get("ETag", ""), **headers}
        return self.http.post(f"/tickets/{ticket_id}/{what}", json=body, headers=sent)

    def _found(self, path: str) -> dict[str, Any] | None:
        answer = self.http.get(path)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        answer.raise_for_status()
        return cast(dict[str, Any], answer.json())
