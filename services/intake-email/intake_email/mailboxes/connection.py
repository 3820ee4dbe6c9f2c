"""A session with a real server (IMAPClient). Whatever goes wrong comes out as a MailboxFault with a code.

Commands are few on purpose: SELECT, SEARCH, FETCH, MOVE, else COPY, STORE and UID EXPUNGE. The folder is selected anew at each look:
one that was deleted and made again under the same name is another one, with other UIDs.
"""

import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from typing import Any

from imapclient import IMAPClient, SocketTimeout  # type: ignore[import-untyped]
from imapclient.exceptions import IMAPClientError, LoginError  # type: ignore[import-untyped]

from intake_email.mailboxes.configuration import Login, Mailbox, Secrets, Security
from intake_email.mailboxes.sessions import Facts, MailboxFault
from intake_email.mailboxes.tokens import AccessTokens

CONNECT_SECONDS, ANSWER_SECONDS = 15.0, 60.0
_SLICE = 0.5
"""So often a waiting session looks whether it shall stop."""
_GATHER = 0.2
"""After a sign of something new: what comes together is taken together, and a chatty server makes no hot loop."""
_UNIMPORTANT = frozenset({b"FETCH", b"EXPUNGE", b"RECENT", b"OK"})

logger = logging.getLogger(__name__)


class Connection:
    """A log-in. Made by `connect`."""

    def __init__(self, client: IMAPClient, mailbox: Mailbox) -> None:
        self._client, self._mailbox = client, mailbox
        self.validity = 0

    def prepare(self) -> None:
        """Makes the two folders where they are missing."""
        for folder in (self._mailbox.done, self._mailbox.refused):
            self._make(folder)

    def _select(self, folder: str, *, readonly: bool = False) -> None:
        with _told("no-folder", person=True):
            selected = self._client.select_folder(folder, readonly=readonly)
        with _told("not-understood"):
            if b"READ-ONLY" in selected and not readonly:
                raise MailboxFault("read-only", person=True)
            self.validity = int(selected.get(b"UIDVALIDITY", 0))

    def _make(self, folder: str) -> None:
        with _told("folder-not-made", person=True):
            if self._client.folder_exists(folder):
                return
            try:
                self._client.create_folder(folder)
            except IMAPClientError:
                # A second process may have made it in this moment.
                if not self._client.folder_exists(folder):
                    raise
                return
            with suppress(IMAPClientError):
                # Only so that people's programs show it.
                self._client.subscribe_folder(folder)
            logger.info("mailbox_folder_made", extra={"mailbox": self._mailbox.name})

    def waiting(self, since: date | None) -> list[int]:
        """UIDs of what lies there and is not marked as deleted, oldest first."""
        self._select(self._mailbox.folder)
        return self._search(["UNDELETED", *(["SINCE", since] if since else [])])

    def done(self, since: date) -> list[int]:
        """UIDs of the done ones that came since then."""
        self._select(self._mailbox.done, readonly=True)
        return self._search(["SINCE", since])

    def _search(self, criteria: list[Any]) -> list[int]:
        with _told("search-refused"):
            return sorted(int(uid) for uid in self._client.search(criteria))

    def facts(self, uids: Sequence[int]) -> Mapping[int, Facts]:
        """Of those that are still there."""
        with _told("fetch-refused"):
            found = self._client.fetch(list(uids), ["RFC822.SIZE", "INTERNALDATE"])
            return {uid: _facts(items) for uid, items in found.items()}

    def fetch(self, uids: Sequence[int], limit: int) -> Mapping[int, bytes]:
        """The messages that are still there, none longer than `limit` and one byte; changes no mark."""
        # A part only: some servers' sizes are estimates.
        with _told("fetch-refused"):
            found = self._client.fetch(list(uids), [f"BODY.PEEK[]<0.{limit + 1}>"])
        contents = {uid: items.get(b"BODY[]<0>") for uid, items in found.items()}
        return {uid: content for uid, content in contents.items() if isinstance(content, bytes)}

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Out of here into the folder; what is gone meanwhile is left out."""
        with _told("move-refused", person=True):
            if self._client.has_capability("MOVE"):
                self._client.move(list(uids), folder)
                return
            self._client.copy(list(uids), folder)
            self._client.add_flags(list(uids), [rb"\Deleted"], silent=True)
            if self._client.has_capability("UIDPLUS"):
                self._client.uid_expunge(list(uids))
            # Else the mark must do: a plain EXPUNGE would also take what others have marked.

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """IDLE where the server and the configuration want it, else a pause."""
        with _told("connection-lost"):
            if not (self._mailbox.idle and self._client.has_capability("IDLE")):
                stop.wait(seconds)
                return
            self._client.idle()
            if self._idles(time.monotonic() + seconds, stop):
                stop.wait(_GATHER)
            self._client.idle_done()

    def _idles(self, until: float, stop: threading.Event) -> bool:
        """Whether the server said something that matters."""
        # The library looks at the socket only: what came together with the answer to IDLE it would see after the next word.
        if self._has_more():
            return True
        while not stop.is_set() and (left := until - time.monotonic()) > 0:
            began, patience = time.monotonic(), min(_SLICE, left)
            told = self._client.idle_check(timeout=patience)
            # An answer of nothing before its time is the end of the connection: leaving IDLE will tell.
            early = not told and time.monotonic() - began < patience / 2
            if early or any(not _UNIMPORTANT & set(line[:2]) for line in told):
                return True
        return False

    def _has_more(self) -> bool:
        connected = self._client.socket()
        seconds = connected.gettimeout()
        connected.settimeout(0)
        try:
            return bool(self._client._imap.file.peek(1))
        except OSError:
            return False
        finally:
            connected.settimeout(seconds)

    def close(self) -> None:
        """Logs out. Never raises."""
        with suppress(Exception):
            self._client.socket().settimeout(2)
            self._client.logout()
        with suppress(Exception):
            self._client.shutdown()


def connect(
    mailbox: Mailbox, secrets: Secrets, tokens: AccessTokens | None, *, answer_seconds: float = ANSWER_SECONDS
) -> Connection:
    """Connects, logs in, prepares the folders. Raises MailboxFault."""
    client = _client(mailbox, answer_seconds)
    connection = Connection(client, mailbox)
    try:
        with _told("not-understood"):
            _log_in(client, mailbox, secrets, tokens)
        connection.prepare()
    except BaseException:
        connection.close()
        raise
    return connection


def _client(mailbox: Mailbox, answer_seconds: float) -> IMAPClient:
    with _told("not-understood", away="unreachable"):
        context = tls_context(mailbox)
        client = IMAPClient(
            mailbox.host,
            mailbox.real_port,
            ssl=mailbox.security is Security.TLS,
            ssl_context=context,
            timeout=SocketTimeout(CONNECT_SECONDS, answer_seconds),
        )
        client.normalise_times = False
        if mailbox.security is Security.STARTTLS:
            try:
                client.starttls(context)
            except BaseException:
                client.shutdown()
                raise
        return client


def tls_context(mailbox: Mailbox) -> ssl.SSLContext:
    """Certificates and names are verified, always. Raises OSError for an unreadable file."""
    authority = str(mailbox.certificate_authority) if mailbox.certificate_authority else None
    context = ssl.create_default_context(cafile=authority)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _log_in(client: IMAPClient, mailbox: Mailbox, secrets: Secrets, tokens: AccessTokens | None) -> None:
    try:
        if mailbox.login is Login.XOAUTH2 and tokens is not None:
            answer = f"user={mailbox.user}\1auth=Bearer {tokens.get()}\1\1"
            # The server tells why not in a challenge, which wants an empty answer.
            answers = iter([answer])
            client.sasl_login("XOAUTH2", lambda _: next(answers, ""))
        elif client.has_capability("AUTH=PLAIN"):
            # Unlike LOGIN it takes letters beyond ASCII.
            client.plain_login(mailbox.user, secrets["password"].get_secret_value())
        else:
            client.login(mailbox.user, secrets["password"].get_secret_value())
    except LoginError as error:
        if tokens is not None:
            tokens.forget()
        if "UNAVAILABLE" in str(error) or isinstance(error.__context__, IMAPClient.AbortError):
            raise MailboxFault("login-away") from None
        raise MailboxFault("login-refused", person=True) from None
    except UnicodeError:
        raise MailboxFault("login-refused", person=True) from None


def _facts(items: Mapping[bytes, Any]) -> Facts:
    received = items.get(b"INTERNALDATE")
    at = received.astimezone(UTC) if isinstance(received, datetime) else None
    return Facts(int(items.get(b"RFC822.SIZE", 0)), at)


@contextmanager
def _told(refused: str, *, person: bool = False, away: str = "connection-lost") -> Iterator[None]:
    """Turns what the libraries raise into a fault: `refused` is for the server's No. Never their words: they quote mails."""
    try:
        yield
    except MailboxFault:
        raise
    except ssl.SSLCertVerificationError:
        raise MailboxFault("certificate-not-trusted", person=True) from None
    except ssl.SSLError:
        raise MailboxFault("tls-failed") from None
    except (IMAPClient.AbortError, OSError, socket.gaierror) as error:
        logger.info("mailbox_connection_ended", extra={"error": type(error).__name__})
        raise MailboxFault(away) from None
    except IMAPClientError:
        raise MailboxFault(refused, person=person) from None
    except Exception as error:
        # A server that speaks no IMAP can make the library raise anything.
        logger.warning("mailbox_not_understood", extra={"error": type(error).__name__})
        raise MailboxFault("not-understood") from None
