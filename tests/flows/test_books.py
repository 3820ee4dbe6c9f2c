"""The books in earnest: what was cut away is told to the operator, mended and told to be over; a town that is lost goes on elsewhere.

Everything is copied while the town works, then a second one on empty servers goes on where the first was.
"""

import json
import shutil
import smtplib
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts import object_keys
from deploy.local.ports import Ports
from deploy.local.system import LocalSystem
from kit.messages import Record
from kit.object_store import S3ObjectStore
from kit.producer import Producer
from kit.settings import ObjectStoreSettings

from .conftest import Town, running_town
from .operating import operator
from .wire import Caught, eventually, letter

pytestmark = [pytest.mark.flow, pytest.mark.integration]

BEFORE, UNDER_LOAD = 30, 150
SENDS_AT_ONCE = 16
OPERATOR = "provoz@lipovany.test"
# Looks so often that a test need not wait for minutes; five looks end an alarm.
LOOKS = {"tickets-worker": {"BOOKS_SECONDS": "0.5"}}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lost-town")


@pytest.fixture(scope="module")
def lost(place: Path) -> Iterator[Town]:
    """The town that will be lost."""
    with running_town(LocalSystem(place / "lost", Ports.free(), extra=LOOKS)) as town:
        yield town


def told(town: Town, beginning: str) -> list[Caught]:
    """Mails to the operator, by how their subject goes on after the town."""
    return [
        mail
        for mail in town.post.to(OPERATOR)
        if str(mail.message["Subject"]).startswith(f"[Město Lipovany] {beginning}")
    ]


def keep_without_publishing(town: Town, sender: str, place: Path) -> str:
    """As if the intake had been killed between the original and the event, five minutes ago; returns the report's id."""
    environment = town.system.environment
    raw = letter(sender, "Lampa", "V Husově ulici nesvítí lampa.").as_bytes()
    place.write_bytes(raw)
    parsed = operator(town.system, "intake_email", "parse", str(place), "--sender", sender)
    report_id = uuid.UUID(json.loads(parsed.stdout)["report_id"])
    names = ("S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY")
    store = S3ObjectStore.connect(ObjectStoreSettings.model_validate({n.lower(): environment[n] for n in names}))
    received = datetime.now(UTC) - timedelta(minutes=5)
    folder = object_keys.report_folder("lipovany", received.date(), report_id)
    envelope = {"sender": sender, "recipients": ["podatelna@lipovany.test"], "received_at": received.isoformat()}
    store.put(object_keys.raw_key(folder), raw)
    store.put(object_keys.envelope_key(folder), json.dumps(envelope).encode())
    return str(report_id)


def test_what_was_kept_and_never_published_is_told_once_mended_once_and_told_to_be_over(
    lost: Town, place: Path
) -> None:
    sender = "odriznuty@example.test"
    report = keep_without_publishing(lost, sender, place / "mail.eml")
    alarm = eventually(lambda: told(lost, "Závada: došlé zprávy bez výsledku"), "an alarm", 60)[0]
    assert "email: 1" in alarm.text
    ledger = operator(lost.system, "tickets", "ledger")
    assert ledger.returncode == 1
    assert f"{report}  never published" in ledger.stdout
    # Neither a restart nor more looks tell it again.
    lost.system.restart("tickets-worker")
    missing = operator(lost.system, "tickets", "ledger", "--missing").stdout
    assert report in missing
    for _ in range(2):
        mended = operator(lost.system, "intake_email", "repair", "-", given=missing)
        assert mended.returncode == 0, mended.stderr
    ticket = lost.staff.ticket_of(report)
    eventually(lambda: told(lost, "V pořádku: došlé zprávy bez výsledku"), "the end of the alarm", 60)
    lost.post.one(sender, str(ticket["number"]))
    assert operator(lost.system, "tickets", "ledger").returncode == 0
    assert [len(told(lost, word)) for word in ("Závada: došlé", "Závada trvá: došlé", "V pořádku: došlé")] == [1, 0, 1]
    assert len(lost.post.to(sender)) == 1


def test_a_dead_letter_is_told_to_the_operator(lost: Town) -> None:
    producer = Producer(lost.system.environment["KAFKA_BOOTSTRAP"], client_id="test")
    assert producer.publish_all([Record("routing", b"nobody", b"no event")]) == [True]
    producer.close()
    alarm = eventually(lambda: told(lost, "Závada: odložené zprávy"), "an alarm", 60)[0]
    assert "routing.tickets.dead: 1" in alarm.text


class Load:
    """Somebody writes without a break, until told to stop or the town is gone."""

    def __init__(self, town: Town) -> None:
        self._town, self._stop = town, threading.Event()
        self.accepted: dict[str, str] = {}
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=60)

    def _run(self) -> None:
        for number in range(UNDER_LOAD):
            if self._stop.is_set():
                return
            sender = f"pisatel-{number}@example.test"
            report = letter(sender, f"Lampa {number}", f"V Husově ulici {number} nesvítí lampa.")
            try:
                self.accepted[sender] = self._town.citizen.send(report, sender=sender)
            except (OSError, smtplib.SMTPException):
                # The town is gone.
                return


def acknowledged(*towns: Town) -> Counter[str]:
    return Counter(
        mail.envelope_to for town in towns for mail in town.post.all() if mail.envelope_to.startswith("pisatel-")
    )


def test_a_town_goes_on_from_its_backup_and_nothing_is_lost_or_told_twice(lost: Town, place: Path) -> None:
    folder = place / "backup"
    load = Load(lost)
    load.start()
    eventually(lambda: len(acknowledged(lost)) >= BEFORE, "the town works", 120)
    accepted_before, told_before = dict(load.accepted), set(acknowledged(lost))
    assert len(accepted_before) > len(told_before), "some are on the road when the backup begins"
    made = operator(lost.system, "deploy.backup", "create", str(folder))
    assert made.returncode == 0, made.stderr
    # What the town did between the copy and its end is not in the backup; so it ends at once.
    lost.system.stop()
    load.stop()

    refound = LocalSystem(place / "refound", Ports.free(), extra=LOOKS)
    # The keys are kept apart from the backup; under others nobody's answer would find its case.
    own_keys = refound.places.secrets.read_text()

    def restore() -> None:
        others = operator(refound, "deploy.backup", "restore", str(folder))
        assert others.returncode == 1
        assert "keys" in others.stderr
        shutil.copy(lost.system.places.secrets, refound.places.secrets)
        restored = operator(refound, "deploy.backup", "restore", str(folder))
        assert restored.returncode == 0, restored.stdout + restored.stderr
        assert "MongoDB is not empty" in operator(refound, "deploy.backup", "restore", str(folder)).stderr

    with running_town(refound, between=restore) as town:
        check(lost, town, accepted_before, told_before)
    assert own_keys != refound.places.secrets.read_text()


def check(lost: Town, town: Town, accepted: dict[str, str], told_before: set[str]) -> None:
    """Counted from outside, over both towns."""
    tickets = {sender: town.staff.ticket_of(report, 90) for sender, report in accepted.items()}
    eventually(lambda: set(acknowledged(lost, town)) >= set(accepted), "everybody is acknowledged", 90)
    again = set(acknowledged(town)) & told_before
    for ticket in (tickets[sender]["id"] for sender in again):
        # Only what was being handed over at the moment of the copy.
        eventually(lambda ticket=ticket: in_doubt(town, ticket), "who was told before is not told again")  # type: ignore[misc]
    assert len(again) <= SENDS_AT_ONCE
    numbers = {sender: str(ticket["number"]) for sender, ticket in tickets.items()}
    assert len(set(numbers.values())) == len(numbers)
    for sender in told_before:
        (mail,) = lost.post.to(sender)
        assert numbers[sender] in f"{mail.message['Subject']}", "a number that was told holds"
    sender = "pisatel-nova@example.test"
    newest = town.staff.ticket_of(town.citizen.send(letter(sender, "Výmol", "V Polní ulici je výmol."), sender=sender))
    assert str(newest["number"]) > max(numbers.values())
    town.post.one(sender, str(newest["number"]))
    letters = operator(town.system, "kit", "dead-letters", "list", "routing.tickets.dead").stdout
    assert "1 waiting" in letters
    for command in ("ledger", "verify"):
        done = operator(town.system, "tickets", command)
        assert done.returncode == 0, done.stdout


def in_doubt(town: Town, ticket: str) -> bool:
    history = town.staff.http.get(f"/tickets/{ticket}/history").json()["items"]
    return any(e["type"] == "ticket.delivery_updated" and e["data"]["outcome"] == "in_doubt" for e in history)
