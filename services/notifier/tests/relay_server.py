"""A real SMTP server that misbehaves as the recipient's address says, in the test's own event loop."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from email import message_from_bytes

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True)
class Taken:
    """A mail that the server said 250 to, or kept before it dropped the line."""

    sender: str
    recipient: str
    content: bytes

    @property
    def message_id(self) -> str:
        return str(message_from_bytes(self.content)["Message-ID"])


@dataclass
class RelayServer:
    """`answers` by the recipient's local part; what is not named there is taken."""

    taken: list[Taken] = field(default_factory=list)
    rcpt: dict[str, str] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    mail: str | None = None
    mail_of: dict[str, str] = field(default_factory=dict)
    """Answers to MAIL by the whole envelope sender."""
    hold_rcpt: set[str] = field(default_factory=set)
    hold_data: set[str] = field(default_factory=set)
    drop_data: set[str] = field(default_factory=set)
    """Keeps the mail and drops the line instead of saying 250."""
    drop_rcpt: set[str] = field(default_factory=set)
    smtputf8: bool = False
    connections: int = 0
    asked: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.released = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.Transport] = set()
        self.port = 0

    async def start(self, port: int = 0) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._line, "127.0.0.1", port or self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self.released.set()
        if self._server is not None:
            self._server.close()
        for line in self._lines:
            line.abort()
        await asyncio.sleep(0)

    def of(self, local: str) -> list[Taken]:
        return [mail for mail in self.taken if mail.recipient.startswith(f"{local}@")]

    def _line(self) -> SMTP:
        self.connections += 1
        server = self

        class Line(SMTP):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                server._lines.add(transport)  # type: ignore[arg-type]
                super().connection_made(transport)

        return Line(self, enable_SMTPUTF8=self.smtputf8, hostname="relay.test")

    async def handle_MAIL(  # noqa: N802 - aiosmtpd looks for these names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.mail is not None:
            return self.mail
        if address in self.mail_of:
            return self.mail_of[address]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        local = address.partition("@")[0]
        self.asked[local] += 1
        if local in self.hold_rcpt:
            await self.released.wait()
        if local in self.drop_rcpt:
            return _dropped(server)
        envelope.rcpt_tos.append(address)
        return self.rcpt.get(local, "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        (recipient,) = envelope.rcpt_tos
        local = recipient.partition("@")[0]
        answer = self.data.get(local, "250 2.0.0 Kept")
        if answer.startswith("250"):
            self.taken.append(Taken(str(envelope.mail_from), recipient, envelope.original_content or b""))
        if local in self.hold_data:
            await self.released.wait()
        if local in self.drop_data:
            return _dropped(server)
        return answer


def _dropped(server: SMTP) -> str:
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()
    return ""
