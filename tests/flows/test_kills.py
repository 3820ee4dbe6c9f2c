"""P1 and P2 under fire: our services are killed with -9 under load, and everything is counted from outside.

tests/README.md tells which protections were taken away to see this test fail.
"""

import signal
import time
from collections.abc import Iterator
from functools import partial

import pytest

from deploy.local.ports import Ports
from deploy.local.system import LocalSystem

from .conftest import Town, running_town
from .counting import acknowledgements, count_everything, in_doubt
from .load import Load
from .wire import eventually, letter

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
    load = Load([town.citizen], senders=SENDERS)
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
    load.finish()
    for service in SERVICES:
        town.system.wait_ready(service)

    eventually(lambda: len(acknowledgements(town)) == REPORTS, "every sender is acknowledged", 180)
    assert count_everything(town, load.accepted, most_repeats=SENDS_AT_ONCE) == {}


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
