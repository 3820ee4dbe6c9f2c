"""The town's outgoing relay in the trial: an SMTP server that keeps each mail as a file and sends nothing on.

A mail is `<nanoseconds since 1970>-<number>.eml`, so names sort by arrival; its first two lines, `X-Envelope-From` and
`X-Envelope-To`, are the catcher's own, the rest is as it came. 250 is said when the file is safe on the disk.
"""

import asyncio
import itertools
import os
import re
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.mail_page import serve_page
from kit import smtp_data

LARGEST_MAIL = 64 * 1024 * 1024


@dataclass(frozen=True)
class CatcherSettings:
    """From the environment, each name with MAIL_CATCHER_ in front.

    `REFUSE`, `LATER` and `HOLD` are regular expressions, searched for in each recipient's address: it gets 550, 451, or an
    answer only after `HOLD_SECONDS`. `KEEP_SILENT` holds the 250 after a mail's end for as long, when the mail is kept already.
    They exist for tests of what a sender does then.
    """

    directory: Path
    listen: str
    page: str
    refuse: re.Pattern[str] | None
    later: re.Pattern[str] | None
    hold: re.Pattern[str] | None
    keep_silent: re.Pattern[str] | None
    hold_seconds: float

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "CatcherSettings":
        """Settings from the environment; an empty or missing pattern matches nobody."""

        def pattern(name: str) -> re.Pattern[str] | None:
            text = environment.get(f"MAIL_CATCHER_{name}")
            return re.compile(text) if text else None

        return cls(
            directory=Path(environment["MAIL_CATCHER_DIRECTORY"]),
            listen=environment["MAIL_CATCHER_LISTEN"],
            page=environment["MAIL_CATCHER_PAGE"],
            refuse=pattern("REFUSE"),
            later=pattern("LATER"),
            hold=pattern("HOLD"),
            keep_silent=pattern("KEEP_SILENT"),
            hold_seconds=float(environment.get("MAIL_CATCHER_HOLD_SECONDS") or 30),
        )


class Catcher:
    """aiosmtpd's handler."""

    def __init__(self, settings: CatcherSettings) -> None:
        self._settings = settings
        self._numbers = itertools.count(1)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd looks for this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse or hold those that the settings name."""
        if self._settings.refuse and self._settings.refuse.search(address):
            return "550 5.1.1 No such mailbox here"
        if self._settings.later and self._settings.later.search(address):
            return "451 4.3.0 Try again later"
        if self._settings.hold and self._settings.hold.search(address):
            await asyncio.sleep(self._settings.hold_seconds)
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the mail, then say so."""
        name = f"{time.time_ns():020d}-{next(self._numbers):06d}.eml"
        recipients = ", ".join(envelope.rcpt_tos)
        head = f"X-Envelope-From: {envelope.mail_from}\r\nX-Envelope-To: {recipients}\r\n"
        content = envelope.original_content or b""
        # In a thread, because waiting for the disk would hold up the other connections.
        try:
            await asyncio.to_thread(keep, self._settings.directory, name, head.encode() + content)
        except OSError as error:
            # A full disk passes. aiosmtpd's own answer to an error would be one for ever, and the sender would give up.
            print(f"not kept: {error.strerror}", flush=True)
            return "452 4.3.1 No room at this moment"
        if self._settings.keep_silent and self._settings.keep_silent.search(recipients):
            await asyncio.sleep(self._settings.hold_seconds)
            print(f"250 after a silence: {name}", flush=True)
        return "250 2.0.0 Kept"


def keep(directory: Path, name: str, content: bytes) -> None:
    """Write the file, for its owner's eyes, so that it is there whole or not at all, whatever happens to the machine."""
    fresh = directory / f".{name}.new"
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        fresh.rename(directory / name)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


async def serve(settings: CatcherSettings) -> None:
    """Catch mails until SIGTERM or SIGINT."""
    settings.directory.mkdir(parents=True, exist_ok=True)
    settings.directory.chmod(0o700)
    for unfinished in settings.directory.glob(".*.new"):
        unfinished.unlink()
    catcher = Catcher(settings)
    loop = asyncio.get_running_loop()
    host, _, port = settings.listen.rpartition(":")
    server = await loop.create_server(lambda: _smtp(catcher), host, int(port), reuse_address=True)
    page = serve_page(settings.directory, settings.page)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    await ended.wait()
    server.close()
    page.shutdown()


class _Server(SMTP):
    # Read while an object is made, so it cannot be set on one.
    line_length_limit = smtp_data.PIECE

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd looks for this name
        """Takes any content: a catcher shall catch."""
        if await self.check_helo_needed():
            return
        if self.envelope is None or not self.envelope.rcpt_tos:
            await self.push("503 Error: need RCPT command")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        content, size = bytearray(), 0
        async for piece in smtp_data.pieces(self._reader):
            self._reset_timeout()
            size += len(piece)
            if size <= LARGEST_MAIL:
                content += piece
        self.envelope.content = self.envelope.original_content = smtp_data.plain(content)
        kept = size <= LARGEST_MAIL
        reply = await self._call_handler_hook("DATA") if kept else "552 5.3.4 Larger than anything that is caught here"
        self._set_post_data_state()  # type: ignore[no-untyped-call]
        await self.push(reply)


def _smtp(catcher: Catcher) -> SMTP:
    return _Server(
        catcher, data_size_limit=LARGEST_MAIL, enable_SMTPUTF8=True, hostname="mail-catcher.test", ident="mail catcher"
    )


if __name__ == "__main__":
    asyncio.run(serve(CatcherSettings.read(os.environ)))
