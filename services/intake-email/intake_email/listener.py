"""The SMTP edge (aiosmtpd): what RFC 5321 asks, limits, and one reading of the data that cannot be smuggled through.

aiosmtpd's own reading of the content knows neither our texts nor a bound on time, and costs a hundred times as much for a mail
with a photo: kit/smtp_data.py reads it.
"""

import asyncio
import functools
import logging
import re
import threading
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from intake_email import replies
from intake_email.connections import Connections
from intake_email.handlers import Accepted, Intake, Mail
from intake_email.limits import Limits
from intake_email.listener_options import ListenerOptions
from intake_email.recipients import AddressBook
from kit import metrics, smtp_data
from kit.settings import host_and_port

MAXIMUM_RECIPIENTS = 100
"""RFC 5321 4.5.3.1.8: at least so many must be taken."""
_MAXIMUM_UNKNOWN = 20
_COMMAND_OCTETS = 2_048
_CONTENTS = 16
"""So many mails of the greatest size may come in at once before others are asked to wait."""
_SIMPLE_PATH = re.compile(r"<([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+)>[ \t]*(.*)", re.DOTALL)
_HIDDEN_EXTENSIONS = ("250-AUTH", "250-SIZE")

logger = logging.getLogger(__name__)


class Door:
    """aiosmtpd's hooks: one for all connections."""

    def __init__(
        self,
        intake: Intake,
        addresses: AddressBook,
        limits: Limits,
        options: ListenerOptions,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._intake, self._addresses, self._clock = intake, addresses, clock
        self.limits, self.options = limits, options
        self.connections = Connections(_CONTENTS * options.size_limit)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Announces the size; no log-in is offered."""
        session.host_name = hostname
        shown = [line for line in responses if not line.startswith(_HIDDEN_EXTENSIONS)]
        return [shown[0], f"250-SIZE {self.options.size_limit}", *shown[1:]]

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuses early what would be refused later."""
        declared = next((option[5:] for option in options if option.startswith("SIZE=")), "0")
        if len(declared) > 15 or int(declared) > self.options.size_limit:
            return replies.too_large(self.options.size_limit, utf8=envelope.smtp_utf8)
        if self.connections.stopping:
            return replies.STOPPING
        if not self._intake.has_room():
            return replies.BUSY
        if not self.limits.may_send(_peer(session), time.monotonic()):
            metrics.INTAKE.labels("email", "too-fast").inc()
            return replies.TOO_FAST
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: "Connection", session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Takes only addresses that are ours."""
        if len(envelope.rcpt_tos) >= MAXIMUM_RECIPIENTS:
            return replies.TOO_MANY_RECIPIENTS
        if self._addresses.find(address) is None:
            metrics.INTAKE.labels("email", "unknown-address").inc()
            return server.unknown_recipient(utf8=envelope.smtp_utf8)
        envelope.rcpt_tos.append(address)
        server.recipient_taken()
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Yes only when everything is safe (P1)."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        found = ((address, self._addresses.find(address)) for address in envelope.rcpt_tos)
        sender = envelope.mail_from or ""
        mail = Mail(
            raw=content,
            sender="" if sender == "<>" else _plain(sender),
            recipients=tuple((_plain(address), recipient) for address, recipient in found if recipient is not None),
            received_at=self._clock(),
            peer=_peer(session),
            hello=_plain(session.host_name or "")[:255],
            tls=session.ssl is not None,
            options=tuple(_plain(option)[:255] for option in envelope.mail_options),
        )
        answer = await self._intake.take(mail)
        if isinstance(answer, Accepted):
            return f"250 2.0.0 OK {' '.join(str(report_id) for report_id in answer.report_ids)}"
        logger.warning("mail_put_off", extra={"reason": answer.reason, "size": len(mail.raw)})
        return replies.BUSY if answer.reason == "busy" else replies.TRY_LATER

    async def handle_exception(self, error: Exception) -> str:
        """A fault of ours: the sender comes again; his words stand neither in the reply nor in the log."""
        logger.error("smtp_failed", extra={"error": type(error).__name__}, exc_info=error)
        return replies.TRY_LATER


class Connection(SMTP):
    """One connection."""

    line_length_limit = smtp_data.PIECE

    def __init__(self, door: Door) -> None:
        super().__init__(
            door,
            data_size_limit=None,
            enable_SMTPUTF8=True,
            hostname=door.options.name,
            ident="helpdesk",
            tls_context=door.options.tls,
            timeout=door.options.idle_seconds,
            auth_exclude_mechanism=("LOGIN", "PLAIN"),
            loop=asyncio.get_running_loop(),
        )
        # Of its own: aiosmtpd shares one table among all connections and changes it at every EHLO.
        self.command_size_limits = defaultdict(lambda: _COMMAND_OCTETS)
        self.command_size_limit = _COMMAND_OCTETS
        self._door = door
        self._unknown = self._commands = 0
        self._in_content = self._overdue = False
        self._smtp_methods = {name: self._bounded(method) for name, method in self._smtp_methods.items()}
        # EHLO does not offer it; without this HELP would.
        del self._smtp_methods["AUTH"]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called again by aiosmtpd when TLS begins: the same connection."""
        self._door.connections.opened(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is closed on both sides."""
        self._door.connections.closed(self)
        super().connection_lost(error)

    def unknown_recipient(self, *, utf8: bool) -> str:
        """The refusal; who tries many addresses is sent away."""
        self._unknown += 1
        if self._unknown < _MAXIMUM_UNKNOWN:
            return replies.unknown_address(utf8=utf8)
        asyncio.get_running_loop().call_soon(self._hang_up)
        return replies.TOO_MANY_UNKNOWN

    def recipient_taken(self) -> None:
        """A recipient belongs to a mail, whose recipients are bounded already."""
        self._commands -= 1

    def _bounded(self, method: Callable[[str | None], Awaitable[None]]) -> Callable[[str | None], Awaitable[None]]:
        # It keeps the attributes from which aiosmtpd makes its HELP.
        @functools.wraps(method)
        async def bounded(arg: str | None) -> None:
            self._commands += 1
            if self._commands > self._door.options.commands_without_mail:
                metrics.INTAKE.labels("email", "commands").inc()
                await self.push(replies.TOO_MANY_COMMANDS)
                self._hang_up()
                return
            await method(arg)

        return bounded

    async def _handle_client(self) -> None:
        peer = _peer(self.session)
        refused = self._door.limits.enter(peer)
        if refused is not None:
            metrics.INTAKE.labels("email", f"connections-{refused}").inc()
            await self.push(replies.TOO_MANY_CONNECTIONS)
            self._hang_up()
            return
        metrics.INTAKE_CONNECTIONS.labels("email").set(self._door.limits.open_connections)
        end = asyncio.get_running_loop().call_later(self._door.options.session_seconds, self._end_session)
        try:
            await super()._handle_client()
        finally:
            end.cancel()
            self._door.limits.leave(peer)
            metrics.INTAKE_CONNECTIONS.labels("email").set(self._door.limits.open_connections)

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802
        """Reads the content in pieces up to its end and hands it over."""
        if await self.check_helo_needed():
            return
        if self.envelope is None or not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 Error: need RCPT command")
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        self._in_content = True
        try:
            await self._take_content(self.envelope)
        finally:
            self._in_content = False
        if self._overdue:
            self.say_goodbye(replies.TOO_LONG)

    async def _take_content(self, envelope: Envelope) -> None:
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        try:
            async with asyncio.timeout(self._door.options.data_seconds):
                content = await self._content()
        except TimeoutError:
            await self.push(replies.TOO_SLOW)
            self._hang_up()
            return
        if isinstance(content, bytes):
            self._commands = 0
            envelope.content = envelope.original_content = content
            with self._door.connections.answering():
                await self._answer(await self._call_handler_hook("DATA"))
        else:
            metrics.INTAKE.labels("email", content).inc()
            size_limit, utf8 = self._door.options.size_limit, envelope.smtp_utf8
            await self._answer(replies.too_large(size_limit, utf8=utf8) if content == "too-large" else replies.BUSY)

    async def _answer(self, reply: str) -> None:
        self._set_post_data_state()  # type: ignore[no-untyped-call]
        await self.push(reply)

    async def _content(self) -> bytes | str:
        """The message without its end and transparency dots (RFC 5321 4.5.2), else why not: `too-large`, `no-memory`."""
        content, held, refused = bytearray(), 0, ""
        try:
            async for piece in smtp_data.pieces(self._reader):
                self._reset_timeout()
                if len(content) + len(piece) > self._door.options.size_limit + len(smtp_data.END):
                    refused = "too-large"
                elif not refused and self._door.connections.hold(len(piece)):
                    held += len(piece)
                    content += piece
                else:
                    refused = refused or "no-memory"
                if refused:
                    # Read on to the end: a reply before it would be taken for the answer to something else.
                    content.clear()
        finally:
            self._door.connections.release(held)
        return refused or smtp_data.plain(content)

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        simple = _SIMPLE_PATH.fullmatch(arg.strip())
        if simple is not None:
            return simple[1], simple[2]
        if arg.strip().lower() == "<postmaster>":
            return "postmaster", ""
        address, rest = super()._getaddr(arg)
        return address, rest

    def say_goodbye(self, reply: str = replies.STOPPING) -> None:
        """Closes the connection, whatever it was doing."""
        with suppress(OSError, RuntimeError):
            self._writer.write(reply.encode() + b"\r\n")
        self._hang_up()

    def cut_off(self) -> None:
        """Ends a connection whose peer does not end it."""
        transport = self._original_transport or self.transport
        if isinstance(transport, asyncio.Transport):
            transport.abort()

    def _end_session(self) -> None:
        # Content and answer have bounds of their own; a mail cut off here would only come again.
        self._overdue = True
        if not self._in_content:
            self.say_goodbye(replies.TOO_LONG)

    def _timeout_cb(self) -> None:
        self.say_goodbye(replies.TOO_SLOW)

    def _hang_up(self) -> None:
        if self.transport is not None:
            self.transport.close()


async def serve(
    door: Door, listen: str, stop: threading.Event, started: Callable[[int], None], *, patience: float = 20.0
) -> None:
    """Listens until `stop`; tells `started` the port, and 0 in the end. Who waits for an answer gets it before it returns."""
    host, port = host_and_port(listen)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(door), host, port, backlog=256)
    address: Any = server.sockets[0].getsockname()
    started(int(address[1]))
    logger.info("smtp_listening", extra={"port": address[1]})
    try:
        await asyncio.to_thread(stop.wait)
    finally:
        server.close()
        started(0)
        await door.connections.close(patience)


def _peer(session: Session | None) -> str:
    # aiosmtpd says str, the transport gives (host, port, …).
    peer: Any = session.peer if session is not None else None
    return str(peer[0]) if isinstance(peer, tuple) and peer else ""


def _plain(text: str) -> str:
    """Without the surrogates in which aiosmtpd keeps bytes that are not UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
