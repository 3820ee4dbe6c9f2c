"""Mail servers for tests of mailboxes: a real one, people who read along, and one that says what a test wants."""

import imaplib
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import Any

from imapclient import IMAPClient  # type: ignore[import-untyped]
from pydantic import SecretStr

from deploy.local.dovecot import PASSWORD, Dovecot
from deploy.local.ports import HOST
from deploy.local.skipping import skipped_without
from intake_email.mailboxes import connection
from intake_email.mailboxes.configuration import Mailbox
from intake_email.mailboxes.sessions import Opening
from intake_email.mailboxes.tokens import AccessTokens

from .builders import ADDRESS

DONE, REFUSED = "Zpracované", "Odmítnuté"


@contextmanager
def dovecot(**told: Any) -> Iterator[Dovecot]:
    """A real server; skips on a laptop where there is none, fails in CI."""
    with ExitStack() as stack:
        with skipped_without("mail server"):
            server = stack.enter_context(Dovecot(**told))
        yield server


def mailbox_at(server: Dovecot, user: str = "podatelna", **changed: Any) -> Mailbox:
    told = {"name": user, "address": ADDRESS, "host": "localhost", "port": server.tls_port, "user": user}
    ca = {"certificate_authority": server.certificate, "poll_seconds": 0.3}
    return Mailbox.model_validate({**told, **ca, **changed})


def opening_of(mailbox: Mailbox, password: str = PASSWORD, tokens: AccessTokens | None = None, **told: Any) -> Opening:
    return partial(connection.connect, mailbox, {"password": SecretStr(password)}, tokens, **told)


class Person:
    """Somebody who has the same mailbox open."""

    def __init__(self, server: Dovecot, user: str = "podatelna") -> None:
        self.client = IMAPClient(HOST, server.port, ssl=False, timeout=10)
        self.client.login(user, PASSWORD)

    def lying(self, folder: str = "INBOX") -> list[int]:
        """UIDs in a folder; none where it does not exist."""
        if not self.client.folder_exists(folder):
            return []
        self.client.select_folder(folder)
        return sorted(self.client.search("ALL"))

    def content(self, folder: str) -> list[bytes]:
        uids = self.lying(folder)
        return [bytes(items[b"BODY[]"]) for items in self.client.fetch(uids, ["BODY.PEEK[]"]).values()]

    def flags(self, folder: str) -> list[tuple[bytes, ...]]:
        uids = self.lying(folder)
        return [tuple(sorted(flags)) for flags in self.client.get_flags(uids).values()] if uids else []

    def __enter__(self) -> "Person":
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(imaplib.IMAP4.error, OSError):
            self.client.logout()
        with suppress(OSError):
            self.client.shutdown()


class Script:
    """A server that greets, takes any log-in and answers by a table: (word of the command, answer before the OK)."""

    def __init__(self, answers: Sequence[tuple[bytes, bytes]] = (), greeting: bytes = b"* OK ready\r\n") -> None:
        self._answers, self._greeting = answers, greeting
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def mailbox(self, **changed: Any) -> Mailbox:
        told = {"name": "podatelna", "address": ADDRESS, "host": HOST, "port": self.port, "user": "u"}
        return Mailbox.model_validate({**told, "security": "plain", "idle": False, **changed})

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with suppress(OSError), connection, connection.makefile("rb") as lines:
            connection.sendall(self._greeting)
            for line in lines:
                tag, _, command = line.partition(b" ")
                answer = next((answer for word, answer in self._answers if word in command.upper()), b"")
                if answer == b"STALL":
                    continue
                if answer.startswith(b"CLOSE"):
                    connection.sendall(answer.removeprefix(b"CLOSE"))
                    return
                connection.sendall(answer + (b"" if answer.endswith(b" NO\r\n") else tag + b" OK done\r\n"))

    def __enter__(self) -> "Script":
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        for peer in self._open:
            peer.close()
