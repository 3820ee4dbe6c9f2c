"""The way out: the town's mail relay over a few kept connections (aiosmtplib).

Before MAIL it is about the relay (`RelayAway`: everybody waits), after MAIL about that mail alone. What it says to MAIL itself may be
either (a size it has no room for, or a sender it does not know): `MailNotHeard`, everybody waits a moment and that mail longer.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum

from aiosmtplib import SMTP
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

from notifier.deliveries import Accepted, Answer, Lost, Refused

_STATUS = re.compile(r"^([245])\.(\d{1,3})\.(\d{1,3})\b")
_TOO_LARGE = 552
_NOT_ASCII = Refused(553, "5.6.7")
_CLOSING = 421

logger = logging.getLogger(__name__)


class Security(StrEnum):
    """How the connection to the relay is protected; certificates are always checked."""

    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


class RelayAway(Exception):
    """The relay is not there, or wants nothing of us now. The text is a reason's code."""


class MailNotHeard(RelayAway):
    """The relay is there, but refused this mail before it heard for whom it is."""

    def __init__(self, reason: str, status: str | None = None) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class RelayAddress:
    """Where the relay is and how it is spoken to. Times in seconds."""

    host: str
    port: int
    security: Security = Security.NONE
    username: str | None = None
    password: str | None = None
    hello: str = "localhost"
    connect_within: float = 10.0
    answer_within: float = 60.0
    take_within: float = 300.0
    """For the answer to the whole mail. RFC 5321 4.5.3.2 says ten minutes: giving up early means sending twice."""


class Line:
    """One connection, one mail: announce, then hand over."""

    def __init__(self, address: RelayAddress, client: SMTP | None) -> None:
        self._address = address
        self._client = client
        self._kept = client is not None
        self._unfinished = False

    async def announce(self, sender: str, recipient: str, size: int) -> Refused | None:
        """MAIL: None when the relay listens, Refused when it takes no such mail. Raises RelayAway, MailNotHeard."""
        while True:
            client = self._client or await self._connected()
            try:
                return await self._mail(client, sender, recipient, size)
            except SMTPSenderRefused as error:
                if error.code == _TOO_LARGE:
                    return Refused(error.code, status_of(error.code, error.message))
                self._drop()
                reason = "relay-refuses-sender" if error.code >= 500 else "relay-busy"
                raise MailNotHeard(reason, status_of(error.code, error.message)) from None
            except (SMTPException, OSError, TimeoutError):
                self._drop()
                # A relay closes idle connections: that says nothing of a fresh one.
                if not self._kept:
                    raise MailNotHeard("relay-hangs-up") from None
                self._kept = False

    async def hand_over(self, recipient: str, content: bytes) -> Answer:
        """RCPT and DATA. From DATA on the mail may have gone out without our hearing of it."""
        may_have_gone_out = False
        try:
            await self._announced().rcpt(recipient, encoding="utf-8", timeout=self._address.answer_within)
            may_have_gone_out = True
            await self._announced().data(content, timeout=self._address.take_within)
        except SMTPResponseException as error:
            return self._refused(error, may_have_gone_out)
        except (SMTPException, OSError, TimeoutError):
            self._drop()
            return Lost(may_have_gone_out)
        self._unfinished = False
        return Accepted()

    async def put_down(self) -> SMTP | None:
        """The connection, if it is fit for another mail."""
        client = self._client
        if client is None or not client.is_connected:
            return None
        if self._unfinished:
            try:
                await client.rset(timeout=self._address.answer_within)
            except (SMTPException, OSError, TimeoutError):
                self._drop()
                return None
        return client

    def hang_up(self) -> None:
        """Closes without a word: whoever held it was interrupted."""
        self._drop()

    async def _mail(self, client: SMTP, sender: str, recipient: str, size: int) -> Refused | None:
        options = [f"SIZE={size}"] if client.supports_extension("size") else []
        if not recipient.isascii():
            if not client.supports_extension("smtputf8"):
                return _NOT_ASCII
            options.append("SMTPUTF8")
        await client.mail(sender, options=options, timeout=self._address.answer_within)
        self._unfinished = True
        return None

    def _announced(self) -> SMTP:
        if self._client is None:
            raise SMTPServerDisconnected("nothing was announced")
        return self._client

    async def _connected(self) -> SMTP:
        address = self._address
        client = SMTP(
            hostname=address.host,
            port=address.port,
            username=address.username,
            password=address.password,
            local_hostname=address.hello,
            timeout=address.connect_within,
            use_tls=address.security == Security.IMPLICIT,
            start_tls=address.security == Security.STARTTLS,
        )
        try:
            await client.connect()
            if not client.is_ehlo_or_helo_needed:
                self._client = client
                return client
            await client.ehlo(timeout=address.answer_within)
        except SMTPAuthenticationError:
            client.close()
            raise RelayAway("relay-refuses-login") from None
        except SMTPResponseException:
            client.close()
            raise RelayAway("relay-refuses-us") from None
        except (SMTPException, OSError, TimeoutError):
            client.close()
            raise RelayAway("relay-away") from None
        self._client = client
        return client

    def _refused(self, error: SMTPResponseException, may_have_gone_out: bool) -> Answer:
        if error.code == _CLOSING:
            self._drop()
        if not 400 <= error.code < 600:
            # No answer that SMTP knows: what it did with the mail cannot be told.
            self._drop()
            return Lost(may_have_gone_out)
        return Refused(error.code, status_of(error.code, error.message))

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None
        self._unfinished = False


class Relay:
    """Lines to the relay. An unused connection is kept for the next mail; the relay decides when it has idled too long."""

    def __init__(self, address: RelayAddress) -> None:
        self._address = address
        self._kept: list[SMTP] = []

    @asynccontextmanager
    async def line(self) -> AsyncIterator[Line]:
        """A line for one mail."""
        line = Line(self._address, self._take())
        try:
            yield line
        except asyncio.CancelledError:
            line.hang_up()
            raise
        finally:
            client = await line.put_down()
            if client is not None:
                self._kept.append(client)

    async def close(self) -> None:
        """Takes leave of the relay."""
        kept, self._kept = self._kept, []
        for client in kept:
            try:
                await client.quit(timeout=2)
            except (SMTPException, OSError, TimeoutError):
                client.close()

    def _take(self) -> SMTP | None:
        while self._kept:
            client = self._kept.pop()
            if client.is_connected:
                return client
        return None


def status_of(code: int, message: str) -> str | None:
    """The RFC 3463 status at the beginning of an answer, where it is of the answer's own class."""
    match = _STATUS.match(message)
    if match is None or match.group(1) != str(code)[0]:
        return None
    return match.group()
