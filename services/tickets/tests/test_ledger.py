"""The books: every original has exactly one outcome, or is named."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import orjson
import pytest
from prometheus_client import REGISTRY
from pymongo.database import Database

from contracts import object_keys
from kit.mongo import Document
from tickets.ledger import Bookkeeper, Ledger, report_ids

from .builders import Clock, messages, report
from .office import Office

pytestmark = pytest.mark.integration
TOWN = "lipovany"


@pytest.fixture
def day(clock: Clock) -> date:
    return clock().date()


@pytest.fixture
def ledger(office: Office, database: Database[Document], clock: Clock) -> Ledger:
    return Ledger(database, office.objects, clock)


def keep(office: Office, day: date, received: object, report_id: UUID | None = None) -> str:
    """An original as an intake keeps it; returns its folder."""
    folder = object_keys.report_folder(TOWN, day, report_id or uuid4())
    office.objects.put(object_keys.raw_key(folder), b"raw")
    if received is not None:
        office.objects.put(object_keys.envelope_key(folder), orjson.dumps({"received_at": received}))
    return folder


def test_every_original_with_an_outcome_is_counted_by_it(
    office: Office, ledger: Ledger, day: date, clock: Clock
) -> None:
    for number in range(3):
        event = report(f"Výmol {number}")
        office.reports(messages(event))
        keep(office, day, clock().isoformat(), event.data.report_id)
    page = ledger.page(TOWN, day)
    assert (page.originals, page.outcomes, page.missing, page.waiting) == (3, {"opened": 3}, (), 0)
    assert ledger.page("dubna", day).originals == 0


def test_an_original_is_on_its_way_for_a_minute_and_then_missing(
    office: Office, ledger: Ledger, day: date, clock: Clock
) -> None:
    folder = keep(office, day, clock().isoformat())
    assert (ledger.page(TOWN, day).missing, ledger.page(TOWN, day).waiting) == ((), 1)
    clock.passes(seconds=61)
    assert (ledger.page(TOWN, day).missing, ledger.page(TOWN, day).waiting) == ((folder,), 0)


def test_what_lay_in_a_mailbox_for_long_is_on_its_way_from_when_it_was_taken(
    office: Office, ledger: Ledger, day: date, clock: Clock
) -> None:
    folder = keep(office, day, (clock() - timedelta(hours=5)).isoformat())
    envelope = orjson.loads(office.objects.get(object_keys.envelope_key(folder)))
    taken = orjson.dumps({**envelope, "taken_at": clock().isoformat()})
    office.objects.put(object_keys.envelope_key(folder), taken)
    assert (ledger.page(TOWN, day).missing, ledger.page(TOWN, day).waiting) == ((), 1)
    clock.passes(seconds=61)
    assert ledger.page(TOWN, day).missing == (folder,)


@pytest.mark.parametrize("received", [None, "yesterday", 5])
def test_an_original_that_does_not_say_from_when_it_is_is_missing(
    office: Office, ledger: Ledger, day: date, received: object
) -> None:
    folder = keep(office, day, received)
    assert ledger.page(TOWN, day).missing == (folder,)


def test_what_is_not_named_by_an_id_is_not_ours() -> None:
    one = uuid4()
    assert list(report_ids(["x", str(one), ""])) == [one]


def test_what_is_missing_shows_as_a_figure_until_it_is_mended(
    office: Office, ledger: Ledger, day: date, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    def figure() -> float | None:
        return REGISTRY.get_sample_value("helpdesk_ledger_missing", {"municipality": TOWN})

    event = report()
    keep(office, day - timedelta(days=1), (clock() - timedelta(days=1)).isoformat(), event.data.report_id)
    bookkeeper = Bookkeeper(ledger, [TOWN], clock)
    bookkeeper.turn()
    assert figure() == 1
    assert "originals_without_outcome" in caplog.text
    office.reports(messages(event))
    bookkeeper.turn()
    assert figure() == 0
