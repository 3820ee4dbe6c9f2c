"""Builds the service from its settings; tests build it from other parts."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from contracts.registry import RULESETS, TICKET_EVENTS
from kit import mongo
from kit.compacted import CompactedView
from kit.consumer import Consumer, Subscription
from kit.health import HealthServer
from kit.object_store import S3ObjectStore
from kit.partitions import BrokerAway
from kit.producer import Producer
from kit.settings import host_and_port
from notifier.caps import Caps
from notifier.handlers import TicketEventHandler
from notifier.keeping import StoreAway
from notifier.rulesets import Rulesets
from notifier.sending.relay import Relay, RelayAddress
from notifier.sending.sender import Sender
from notifier.sending.telling import Teller
from notifier.sending.turns import Room
from notifier.settings import Settings
from notifier.store import MongoDeliveryStore
from notifier.writing.composing import Composer, SigningKey

READER = "notifier"

logger = logging.getLogger(__name__)


def now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


def signing_key(settings: Settings) -> SigningKey:
    """The newest key of the reply tokens. Raises ValueError where there is none."""
    if not settings.reply_token_keys:
        raise ValueError("no key for reply addresses: set REPLY_TOKEN_KEYS")
    key_id, key = list(settings.reply_token_keys.items())[-1]
    return SigningKey(key_id, key.get_secret_value())


def relay_address(settings: Settings) -> RelayAddress:
    """Where mails go out."""
    host, port = host_and_port(settings.smtp_relay)
    return RelayAddress(
        host=host,
        port=port,
        security=settings.smtp_security,
        username=settings.smtp_username or None,
        password=settings.smtp_password.get_secret_value() or None,
        hello=settings.smtp_hello,
        connect_within=settings.smtp_connect_seconds,
        answer_within=settings.smtp_answer_seconds,
        take_within=settings.smtp_take_seconds,
    )


def delivery_store(settings: Settings) -> MongoDeliveryStore:
    """The deliveries; nothing is sent to the database yet."""
    return MongoDeliveryStore(mongo.connect(settings, READER))


@dataclass
class Service:
    """All parts of the running service."""

    rulesets: Rulesets
    view: CompactedView
    consumer: Consumer
    sender: Sender
    store: MongoDeliveryStore

    def run(self, stop: threading.Event) -> None:
        """Loads the packs, then reads and sends until `stop`. Whatever part ends by itself ends all."""
        if not _until_there(self.store.prepare, stop) or not _until_there(self.view.load, stop):
            return
        failures: list[BaseException] = []
        parts = [
            _part("rulesets", lambda: self.view.follow(stop), stop, failures),
            _part("consumer", lambda: self.consumer.run(stop), stop, failures),
            _part("sender", lambda: asyncio.run(self.sender.run()), stop, failures),
        ]
        stop.wait()
        self.sender.stop()
        for part in parts:
            part.join(timeout=20)
        if failures:
            raise failures[0]


@contextmanager
def service(settings: Settings, stop: threading.Event) -> Iterator[Service]:
    """The service with its health server, all closed at the end."""
    producer = Producer(settings.kafka_bootstrap, client_id=f"{READER}.{settings.instance}")
    photos = S3ObjectStore.connect(settings)
    store = delivery_store(settings)
    rulesets = Rulesets(photos, pause=stop.wait)
    sender = Sender(
        store=store,
        composer=Composer(rulesets.pack_of, photos, signing_key(settings)),
        relay=Relay(relay_address(settings)),
        teller=Teller(store, producer),
        instance=settings.instance,
        clock=now,
        caps=Caps(settings.automatic_mails_in_three_hours, settings.automatic_mails_in_a_day),
        room=Room(settings.sending_at_once, settings.sending_at_once_per_domain),
    )
    consumer = Consumer(
        settings.kafka_bootstrap,
        reader=READER,
        instance=settings.instance,
        subscription=Subscription(TICKET_EVENTS.name, TICKET_EVENTS.dead_letters(READER), TICKET_EVENTS.ordered),
        handler=TicketEventHandler(store, clock=now, wake=sender.wake),
        producer=producer,
    )
    ready = {"rulesets": rulesets.check, "consumer": consumer.check, "sender": sender.check}
    live = {"consumer": consumer.stuck, "sender": sender.stuck}
    try:
        with HealthServer(settings.health_listen, ready=ready, live=live, resume=consumer.resume):
            view = CompactedView(settings.kafka_bootstrap, RULESETS.name, rulesets.change)
            yield Service(rulesets, view, consumer, sender, store)
    finally:
        producer.close()


def _until_there(step: Callable[[], object], stop: threading.Event) -> bool:
    """Waits out a broker or database that is not there yet; False where `stop` came first."""
    pause = 0.2
    while not stop.is_set():
        started = time.monotonic()
        try:
            step()
        except (BrokerAway, StoreAway) as error:
            logger.warning("waits_at_start", extra={"error": type(error).__name__})
        else:
            logger.info("prepared", extra={"seconds": round(time.monotonic() - started, 3)})
            return True
        stop.wait(pause)
        pause = min(pause * 2, 5.0)
    return False


def _part(name: str, run: Callable[[], None], stop: threading.Event, failures: list[BaseException]) -> threading.Thread:
    def guarded() -> None:
        try:
            run()
        except BaseException as error:
            logger.critical("part_failed", extra={"label": name}, exc_info=error)
            failures.append(error)
        finally:
            stop.set()

    thread = threading.Thread(target=guarded, name=name, daemon=True)
    thread.start()
    return thread
