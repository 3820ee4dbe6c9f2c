"""Reports over SMTP from several senders at once, and what comes back."""

import base64
import smtplib
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from deploy.local.ports import HOST

TOWN = "podatelna@lipovany.test"
ACCEPTED = 250


def mail(number: int, run: str, photo: bytes | None) -> tuple[str, bytes]:
    """Sender and bytes of one report; every one is another, as citizens' are."""
    sender = f"obcan-{run}-{number}@example.test"
    head = (
        f"From: {sender}\r\nTo: {TOWN}\r\nSubject: Lampa {number}\r\nMessage-ID: <{run}-{number}@example.test>\r\n"
        f"Date: Tue, 24 Nov 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\n"
    )
    text = f"Dobrý den, v Husově ulici u čísla {number} nesvítí lampa. Prosím o opravu.\r\n\r\nDěkuji\r\n"
    if photo is None:
        return sender, f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}".encode()
    encoded = base64.encodebytes(photo + number.to_bytes(4, "big")).replace(b"\n", b"\r\n")
    parts = (
        f'{head}Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n'
        f'{text}\r\n--b\r\nContent-Type: image/jpeg; name="foto.jpg"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    )
    return sender, parts.encode() + encoded + b"\r\n--b--\r\n"


@dataclass(frozen=True)
class Sent:
    """One accepted report; seconds since 1970."""

    sender: str
    accepted_at: float


class Senders:
    """Hands `count` reports in over `at_once` kept connections, at `rate` a second or as fast as they are taken."""

    def __init__(
        self, port: int, run: str, count: int, *, at_once: int, photo: bytes | None, rate: float | None
    ) -> None:
        self._port, self._run, self._photo, self._rate = port, run, photo, rate
        self._numbers = iter(range(count))
        self._lock = threading.Lock()
        self.sent: list[Sent] = []
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(at_once)]
        self._began = time.time()

    def run(self) -> float:
        """Seconds until the last is accepted."""
        self._began = time.time()
        for thread in self._threads:
            thread.start()
        for thread in self._threads:
            thread.join()
        return time.time() - self._began

    def _work(self) -> None:
        with smtplib.SMTP(HOST, self._port, timeout=120) as connection:
            connection.ehlo()
            while True:
                with self._lock:
                    number = next(self._numbers, None)
                if number is None:
                    return
                if self._rate is not None:
                    pause = self._began + number / self._rate - time.time()
                    if pause > 0:
                        threading.Event().wait(pause)
                self._hand_in(connection, number)

    def _hand_in(self, connection: smtplib.SMTP, number: int) -> None:
        sender, content = mail(number, self._run, self._photo)
        connection.mail(sender)
        connection.rcpt(TOWN)
        code, answer = connection.data(content)
        if code != ACCEPTED:
            raise RuntimeError(f"report {number} was refused: {code} {answer.decode(errors='replace')}")
        self.sent.append(Sent(sender, time.time()))


class Arrivals:
    """When the relay took the first mail to each recipient, from the names and envelopes of its files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: set[str] = set()
        self.at: dict[str, float] = {}

    def look(self) -> None:
        """Reads what is new."""
        for path in self._folder.glob("[0-9]*.eml"):
            if path.name in self._seen:
                continue
            self._seen.add(path.name)
            with path.open("rb") as file:
                file.readline()
                recipient = file.readline().decode().partition(":")[2].strip()
            moment = int(path.name.partition("-")[0]) / 1e9
            self.at[recipient] = min(moment, self.at.get(recipient, moment))

    def wait_for(self, recipients: set[str], within: float) -> None:
        """Returns when each of them has a mail; raises TimeoutError."""
        deadline = time.monotonic() + within
        while True:
            began = time.monotonic()
            self.look()
            if recipients <= self.at.keys():
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(recipients - self.at.keys())} of {len(recipients)} are not acknowledged")
            # Looking through tens of thousands of names must not take from what is measured.
            threading.Event().wait(max(0.2, 20 * (time.monotonic() - began)))
