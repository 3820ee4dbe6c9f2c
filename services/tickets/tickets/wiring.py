"""Builds the parts of the two processes: the worker (readers, relay, clock) and the API."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from pymongo.database import Database

from contracts.registry import Topic
from kit import dead_letter_box, mongo
from kit.consumer import Consumer, Handler, Subscription
from kit.health import Check
from kit.mongo import Document
from kit.object_store import S3ObjectStore
from kit.producer import Producer
from kit.stopping import Part
from tickets.batch_handler import Clock, now
from tickets.books.alarm_rules import CALM_LOOKS
from tickets.books.alarms import Alarms
from tickets.books.bookkeeper import Bookkeeper
from tickets.books.ledger import Ledger, published_on
from tickets.cases.routing_pace import RoutingPace
from tickets.clock import RoutingClock
from tickets.handlers import NotificationsHandler, ReportsHandler, RoutingHandler
from tickets.relay import Lease, Relay
from tickets.rulesets import Rulesets
from tickets.settings import Settings
from tickets.staff.tokens import StaffTokens
from tickets.store import MongoStore

SERVICE = "tickets"


@dataclass(frozen=True)
class Worker:
    """The parts that run, what readiness and liveness look at, and how a paused reader is resumed."""

    parts: Mapping[str, Part]
    ready: Mapping[str, Check]
    live: Mapping[str, Check]
    resume: Callable[[], None]
    close: Callable[[], None]


def database(settings: Settings) -> Database[Document]:
    """The service's own database."""
    return mongo.connect(settings, SERVICE)


def rulesets(settings: Settings) -> Rulesets:
    """The towns with their packs."""
    key = settings.pseudonym_key.get_secret_value()
    return Rulesets(settings.kafka_bootstrap, S3ObjectStore.connect(settings), key)


def staff_tokens(settings: Settings, own: Database[Document], clock: Clock = now) -> StaffTokens:
    """The staff tokens."""
    return StaffTokens(own, clock, settings.pseudonym_key.get_secret_value())


def ledger(settings: Settings, own: Database[Document], clock: Clock = now) -> Ledger:
    """The books."""
    published = published_on(settings.kafka_bootstrap, lambda: clock().date())
    return Ledger(own, S3ObjectStore.connect(settings), clock, published)


def _bookkeeper(settings: Settings, own: Database[Document], producer: Producer, clock: Clock) -> Bookkeeper:
    # The topic is asked by hand only: what is missing is missing, wherever it stands.
    books = Ledger(own, S3ObjectStore.connect(settings), clock)
    alarms = Alarms(own, producer.publish_all, timedelta(seconds=CALM_LOOKS * settings.books_seconds))

    def dead_letters() -> Mapping[str, int]:
        return dead_letter_box.counts(settings.kafka_bootstrap)

    return Bookkeeper(books, settings.towns, clock, alarms, dead_letters, settings.books_seconds)


def worker(settings: Settings) -> Worker:
    """The readers of the three topics, the relay and the clock."""
    own, towns = database(settings), rulesets(settings)
    time = mongo.ServerClock(own)
    store = MongoStore(own, time)
    producer = Producer(settings.kafka_bootstrap, client_id=f"{SERVICE}-{settings.instance}", linger_ms=2)
    relay = Relay(own, producer.publish_all, Lease(own, f"{SERVICE}-{settings.instance}"))
    pace = RoutingPace()
    clock = RoutingClock(store, towns.town, time, after=relay.wake, pace=pace)
    bookkeeper = _bookkeeper(settings, own, producer, time)
    handlers = (
        ReportsHandler(store, towns.town, time, after=relay.wake),
        RoutingHandler(store, towns.town, time, after=relay.wake, pace=pace),
        NotificationsHandler(store, towns.town, time, after=relay.wake),
    )
    readers = {handler.topic.name: _reader(settings, handler.topic, handler, producer) for handler in handlers}
    parts: dict[str, Part] = {
        "time": time.run,
        "rulesets": towns.run,
        "relay": relay.run,
        "clock": _once_ready(towns, time, clock.run),
        "ledger": bookkeeper.run,
        **{name: _once_ready(towns, time, reader.run) for name, reader in readers.items()},
    }
    checks: dict[str, Check] = {
        "database": lambda: mongo.check(own),
        "rulesets": towns.check,
        "relay": relay.check,
        **{name: reader.check for name, reader in readers.items()},
    }

    def resume() -> None:
        for reader in readers.values():
            reader.resume()

    return Worker(parts, checks, {name: reader.stuck for name, reader in readers.items()}, resume, producer.close)


def _reader(settings: Settings, topic: Topic, handler: Handler, producer: Producer) -> Consumer:
    return Consumer(
        settings.kafka_bootstrap,
        reader=SERVICE,
        instance=settings.instance,
        subscription=Subscription(topic.name, topic.dead_letters(SERVICE), topic.ordered),
        handler=handler,
        producer=producer,
        batch=settings.reader_batch,
    )


def _once_ready(towns: Rulesets, time: mongo.ServerClock, run: Part) -> Part:
    """Nothing is decided before the town's pack and the time of day are there."""

    def part(stop: threading.Event) -> None:
        if towns.wait(stop) and time.wait(stop):
            run(stop)

    return part
