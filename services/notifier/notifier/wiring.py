"""Builds the service from its settings and runs its parts; tests build it from other parts."""

import asyncio
import logging
import threading
from datetime import UTC, datetime

from pymongo.errors import PyMongoError

from contracts.registry import ALARMS, RULESETS, TICKET_EVENTS
from kit import mongo
from kit.clamd import scanner
from kit.compacted import CompactedView
from kit.consumer import Consumer, Subscription
from kit.health import HealthServer
from kit.object_store import S3ObjectStore, get_patiently
from kit.producer import Producer
from kit.settings import host_and_port
from kit.stopping import run_parts
from notifier.alarms import AlarmHandler
from notifier.caps import Caps
from notifier.handlers import TicketEventHandler
from notifier.keeping import DatabaseAway
from notifier.sending.relay import Relay, RelayAddress
from notifier.sending.sender import Sender
from notifier.sending.telling import Teller
from notifier.sending.turns import Room
from notifier.sending.wire import Wire
from notifier.settings import Settings
from notifier.store import MongoDeliveryStore
from notifier.writing.composing import Composer, SigningKey
from packs.shelf import PackShelf

READER = "notifier"

logger = logging.getLogger(__name__)


def now() -> datetime:
    """The time in UTC as this machine has it, to the millisecond as the database keeps it; for commands."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def signing_key(settings: Settings) -> SigningKey:
    """The newest key of the reply tokens. Raises ValueError where there is none."""
    if not settings.reply_token_keys:
        raise ValueError("no key for reply addresses: set REPLY_TOKEN_KEYS")
    key_id, key = list(settings.reply_token_keys.items())[-1]
    return SigningKey(key_id, key.get_secret_value())


def pseudonym_key(settings: Settings) -> bytes:
    """The key of the names of mailboxes and domains. Raises ValueError where there is none: they could be guessed."""
    key = settings.pseudonym_key.get_secret_value()
    if not key:
        raise ValueError("no key for pseudonyms: set PSEUDONYM_KEY")
    return key


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


def run(settings: Settings, stop: threading.Event) -> int:
    """The service until `stop`; returns the exit code."""
    producer = Producer(settings.kafka_bootstrap, client_id=f"{READER}.{settings.instance}")
    objects = S3ObjectStore.connect(settings)
    database = mongo.connect(settings, READER)
    store, clock = MongoDeliveryStore(database), mongo.ServerClock(database)
    shelf = PackShelf(lambda key: get_patiently(objects, key, stop))
    view = CompactedView(settings.kafka_bootstrap, RULESETS.name, shelf.take)
    sender = Sender(
        store=store,
        composer=Composer(shelf.pack_of, objects, signing_key(settings), scanner(settings)),
        relay=Relay(relay_address(settings)),
        teller=Teller(store, producer),
        instance=settings.instance,
        clock=clock,
        caps=Caps(settings.automatic_mails_in_three_hours, settings.automatic_mails_in_a_day),
        room=Room.around(settings.sending_at_once, settings.sending_at_once_per_domain),
        wire=Wire(settings.sending_at_once, settings.sending_at_once_per_domain),
    )
    consumer = Consumer(
        settings.kafka_bootstrap,
        reader=READER,
        instance=settings.instance,
        subscription=Subscription(TICKET_EVENTS.name, TICKET_EVENTS.dead_letters(READER), TICKET_EVENTS.ordered),
        handler=TicketEventHandler(store, pseudonym_key=pseudonym_key(settings), clock=clock, wake=sender.wake),
        producer=producer,
    )
    alarms = Consumer(
        settings.kafka_bootstrap,
        reader=READER,
        instance=settings.instance,
        subscription=Subscription(ALARMS.name, ALARMS.dead_letters(READER), ALARMS.ordered),
        handler=AlarmHandler(
            store, settings.operators, pseudonym_key=pseudonym_key(settings), clock=clock, wake=sender.wake
        ),
        producer=producer,
    )
    ready = {"packs": shelf.check, "consumer": consumer.check, "alarms": alarms.check, "sender": sender.check}
    live = {"consumer": consumer.stuck, "alarms": alarms.stuck, "sender": sender.stuck}

    def resume() -> None:
        consumer.resume()
        alarms.resume()

    try:
        with HealthServer(settings.health_listen, ready=ready, live=live, resume=resume):
            if not _prepared(store, clock, stop):
                return 0
            parts = {
                "time": clock.run,
                "packs": view.run,
                "consumer": consumer.run,
                "alarms": alarms.run,
                "sender": lambda stop: _send(sender, view, stop),
            }
            return run_parts(parts, stop)
    finally:
        producer.close()


def _send(sender: Sender, view: CompactedView, stop: threading.Event) -> None:
    """Without packs nothing can be written: what is due waits for them here and not in its records."""
    while not stop.is_set():
        if view.loaded.wait(0.2):
            asyncio.run(sender.run(stop))


def _prepared(store: MongoDeliveryStore, clock: mongo.ServerClock, stop: threading.Event) -> bool:
    """Waits out a database that is not there yet; False where `stop` came first."""
    while not stop.is_set():
        try:
            store.prepare()
            clock.ask()
        except (DatabaseAway, PyMongoError):
            logger.warning("database_away")
            stop.wait(0.5)
        else:
            return True
    return False
