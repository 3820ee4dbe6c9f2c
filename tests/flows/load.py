"""Reports under load, from senders that behave like mail servers: what was not accepted comes again until it is."""

import itertools
import smtplib
import threading
import time
from collections import defaultdict
from collections.abc import Sequence

from .wire import Citizen, letter

PAUSE_SECONDS = 0.3


class Load:
    """Sends as many reports as it is allowed, each from another sender, by turns through the doors that the town has."""

    def __init__(self, doors: Sequence[Citizen], *, senders: int) -> None:
        self._doors = doors
        self._numbers = itertools.count()
        self._allowed = threading.Semaphore(0)
        self._count = 0
        self._ended = threading.Event()
        self._steady: threading.Thread | None = None
        self._threads = [threading.Thread(target=self._send_all, daemon=True) for _ in range(senders)]
        self.accepted: dict[str, list[str]] = defaultdict(list)
        """The reports' ids that the 250s named, by sender."""
        self.accepted_at: dict[str, float] = {}
        """When, in seconds since 1970."""

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def allow(self, count: int) -> None:
        """So many more may be sent."""
        self._count += count
        self._allowed.release(count)

    def steadily(self, per_second: float) -> None:
        """From now on so many a second, until the end; what had to wait is caught up with."""

        def allow_one_after_the_other() -> None:
            began = time.monotonic()
            for number in itertools.count(1):
                if self._ended.wait(max(0.0, began + number / per_second - time.monotonic())):
                    return
                self.allow(1)

        self._steady = threading.Thread(target=allow_one_after_the_other, daemon=True)
        self._steady.start()

    def finish(self, seconds: float = 180) -> None:
        """No new ones; returns when what was begun is accepted."""
        self._ended.set()
        if self._steady is not None:
            self._steady.join()
        self._allowed.release(len(self._threads))
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(timeout=max(0.0, deadline - time.monotonic()))
            assert not thread.is_alive(), "a sender did not get rid of its reports"

    def _send_all(self) -> None:
        while self._allowed.acquire():
            number = next(self._numbers)
            if number >= self._count:
                # The end's own permit: all that was allowed is taken.
                return
            sender = f"hlasatel-{number}@example.test"
            mail = letter(sender, f"Lampa {number}", f"V Husově ulici {number} nesvítí lampa.").as_bytes()
            self._send_one(number, sender, mail)

    def _send_one(self, number: int, sender: str, mail: bytes) -> None:
        for turn in itertools.count(number):
            try:
                report = self._doors[turn % len(self._doors)].send(mail, sender=sender)
            except (OSError, smtplib.SMTPException):
                threading.Event().wait(PAUSE_SECONDS)
            else:
                self.accepted_at.setdefault(sender, time.time())
                self.accepted[sender].append(report)
                return
