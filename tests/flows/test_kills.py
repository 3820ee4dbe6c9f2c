"""P1 and P2 under fire: our services are killed with -9 under load, and everything is counted from outside.

tests/README.md tells which protections were taken away to see this test fail.
"""

import os
import queue
import signal
import smtplib
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial

import pytest

from deploy.local.ports import Ports
from deploy.local.system import LocalSystem

from .conftest import Town, running_town
from .wire import Caught, eventually, letter

pytestmark = [pytest.mark.flow, pytest.mark.integration]

REPORTS = 300
SENDERS = 6
HELD = "drzeny-obcan@example.test"
SERVICES = ("intake-email", "tickets-worker", "router", "notifier", "tickets-api")
# Who is killed, and which server stalls while it happens, so that the victim surely has something in hand.
KILLS = (
    ("intake-email", None),
    ("tickets-worker", "mongod"),
    ("router", "kafka"),
    ("notifier", "mongod"),
    ("tickets-worker", "kafka"),
    ("tickets-api", None),
    ("intake-email", "s3proxy"),
    ("notifier", None),
    ("router", None),
    ("tickets-worker", None),
)
STALL_SECONDS = 1.5
# Then in small portions: the victim is killed at the first sign that it has begun with one, so what it has just done is
# neither confirmed nor told.
PORTION, PORTIONS = 20, (("tickets-worker", 6), ("notifier", 1), ("router", 1))
# What the notifier sends at once: so many mails may be under way when it is killed.
SENDS_AT_ONCE = 16


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town of its own: it will be hurt. The relay answers late for one recipient, so that a kill can be aimed."""
    slow = {"mail-catcher": {"MAIL_CATCHER_KEEP_SILENT": HELD, "MAIL_CATCHER_HOLD_SECONDS": "2"}}
    with running_town(LocalSystem(tmp_path_factory.mktemp("hurt-town"), Ports.free(), extra=slow)) as town:
        yield town


class Load:
    """Senders that behave like mail servers: what was not accepted is tried again, unchanged, until it is."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._waiting: queue.Queue[int] = queue.Queue()
        self._allowed = threading.Semaphore(0)
        self.accepted: dict[str, list[str]] = defaultdict(list)
        self._threads = [threading.Thread(target=self._send_all, daemon=True) for _ in range(SENDERS)]

    def start(self) -> None:
        for number in range(REPORTS):
            self._waiting.put(number)
        for thread in self._threads:
            thread.start()

    def allow(self, count: int) -> None:
        """So many more may be sent."""
        self._allowed.release(count)

    def finish(self) -> None:
        for thread in self._threads:
            thread.join(timeout=180)
            assert not thread.is_alive(), "a sender did not get rid of its reports"

    def _send_all(self) -> None:
        while self._allowed.acquire():
            try:
                number = self._waiting.get_nowait()
            except queue.Empty:
                return
            sender = f"hlasatel-{number}@example.test"
            self._send_one(
                sender, letter(sender, f"Lampa {number}", f"V Husově ulici {number} nesvítí lampa.").as_bytes()
            )

    def _send_one(self, sender: str, mail: bytes) -> None:
        while True:
            try:
                self.accepted[sender].append(self._town.citizen.send(mail, sender=sender))
                return
            except (OSError, smtplib.SMTPException):
                threading.Event().wait(0.3)


def acknowledgements(town: Town) -> dict[str, list[Caught]]:
    """By recipient, of the senders of the load."""
    found: dict[str, list[Caught]] = defaultdict(list)
    for mail in town.post.all():
        if mail.envelope_to.startswith("hlasatel-"):
            found[mail.envelope_to].append(mail)
    return found


def in_doubt(town: Town, ticket: str) -> int:
    """Deliveries of a case that its history calls in doubt."""
    history = town.staff.http.get(f"/tickets/{ticket}/history").json()["items"]
    return sum(
        event["type"] == "ticket.delivery_updated" and event["data"]["outcome"] == "in_doubt" for event in history
    )


def kill(town: Town, service: str, stalled: str | None) -> None:
    """With -9; while a server stalls, that is in the middle of something. Long enough for a commit of offsets to pass."""
    if stalled is not None:
        town.system.kill(stalled, signal.SIGSTOP)
        until = time.monotonic() + STALL_SECONDS
        eventually(lambda: time.monotonic() > until, "the stall lasts")
    town.system.kill(service, signal.SIGKILL)
    if stalled is not None:
        town.system.kill(stalled, signal.SIGCONT)


def sign_of_work(town: Town, service: str) -> object:
    """Changes when the service has just done something."""
    if service == "notifier":
        return len(town.post.all())
    newest = town.staff.http.get("/tickets", params={"limit": "1"}).json()["items"][0]
    return newest["id"] if service == "tickets-worker" else newest["number"]


def test_three_hundred_reports_survive_the_death_of_every_service(town: Town) -> None:
    load = Load(town)
    load.start()
    in_portions = PORTION * sum(times for _, times in PORTIONS)
    at_once = REPORTS - in_portions
    load.allow(at_once)
    for place, (service, stalled) in enumerate(KILLS, start=1):
        reached = place * at_once // (len(KILLS) + 1)
        eventually(lambda reached=reached: len(load.accepted) >= reached, "the load goes on", 120)  # type: ignore[misc]
        kill(town, service, stalled)
    for service in SERVICES:
        town.system.wait_ready(service)
    for service in (service for service, times in PORTIONS for _ in range(times)):
        before = sign_of_work(town, service)
        load.allow(PORTION)
        begun = partial(lambda service, before: sign_of_work(town, service) != before, service, before)
        # Between a commit and the confirmed event lie a few milliseconds: who looks seldom never hits them.
        eventually(begun, "work begins", 90, every=0.002)
        town.system.kill(service, signal.SIGKILL)
    load.allow(SENDERS)
    load.finish()
    for service in SERVICES:
        town.system.wait_ready(service)

    eventually(lambda: len(acknowledgements(town)) == REPORTS, "every sender is acknowledged", 180)
    report_ids = {sender: set(ids) for sender, ids in load.accepted.items()}
    assert all(len(ids) == 1 for ids in report_ids.values()), "a retry is the same report"

    tickets = {}
    for sender, (report,) in report_ids.items():
        outcome = town.staff.report(report)
        assert outcome is not None
        assert outcome["outcome"] == "opened"
        tickets[sender] = town.staff.ticket(outcome["ticket_id"])
    assert len({ticket["id"] for ticket in tickets.values() if ticket}) == REPORTS
    numbers = sorted(int(str(ticket["number"]).partition("-")[2]) for ticket in tickets.values() if ticket)
    assert numbers == list(range(1, REPORTS + 1)), "numbers have no gaps and none is given twice"

    mails = acknowledgements(town)
    assert all(len({mail.message["Message-ID"] for mail in sent}) == 1 for sent in mails.values())
    repeated = Counter({sender: len(sent) - 1 for sender, sent in mails.items() if len(sent) > 1})
    assert repeated.total() <= SENDS_AT_ONCE
    for sender in repeated:
        ticket = tickets[sender]
        assert ticket is not None
        eventually(lambda ticket=ticket: in_doubt(town, ticket["id"]), "a repeat is recorded as in doubt")  # type: ignore[misc]

    assert operator(town, "tickets", "verify") == 0, "every stored history is whole"
    assert operator(town, "tickets", "ledger") == 0, "every original has its outcome"


def operator(town: Town, *command: str) -> int:
    """Exit code of a command as an operator gives it."""
    environment = {**os.environ, **town.system.environment}
    return subprocess.run([sys.executable, "-m", *command], env=environment, timeout=120, check=False).returncode


def test_a_kill_between_the_relays_250_and_our_note_repeats_the_same_message_and_says_so(town: Town) -> None:
    report = town.citizen.send(letter(HELD, "Lampa", "V Polní ulici nesvítí lampa."))
    ticket = town.staff.ticket_of(report)
    town.post.one(HELD, str(ticket["number"]))
    # The relay has the mail and is silent. The notifier is stopped, so the 250 reaches its socket but not its code.
    town.system.kill("notifier", signal.SIGSTOP)
    eventually(lambda: "250 after a silence" in relay_log(town), "the relay says 250")
    town.system.kill("notifier", signal.SIGKILL)
    mails = eventually(lambda: [m for m in (town.post.to(HELD),) if len(m) == 2], "the mail comes again", 90)[0]
    assert len({mail.message["Message-ID"] for mail in mails}) == 1
    eventually(lambda: in_doubt(town, ticket["id"]), "the repeat is recorded as in doubt")


def relay_log(town: Town) -> str:
    """What the relay said so far."""
    return (town.system.places.log / "mail-catcher.log").read_text()
