"""Builds the service's parts and runs them; tests pass their own."""

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from intake_email import listener, repairing
from intake_email.events import Keys
from intake_email.handlers import Intake, Publisher
from intake_email.limits import Limits, read_networks
from intake_email.listener import Door
from intake_email.recipients import AddressBook
from intake_email.repairing import Repaired
from intake_email.rules import Rules, tls_context
from intake_email.settings import Settings
from kit.health import HealthServer
from kit.object_store import ObjectStore, S3ObjectStore
from kit.producer import Producer
from kit.settings import SecretSettings
from kit.stopping import run_parts


def run(settings: Settings, stop: threading.Event) -> int:
    """The service until `stop`; returns the exit code."""
    addresses = AddressBook.read(settings.municipalities)
    store = S3ObjectStore.connect(settings, connections=settings.intake_threads)
    # Half of the promised time for the broker: the other half is for the store.
    producer = Producer(
        settings.kafka_bootstrap, client_id="intake-email", confirm_within=settings.mail_answer_seconds / 2
    )
    port = [0]
    checks = {
        "listener": lambda: None if port[0] else "not-listening",
        "store": store.check,
        "broker": lambda: None if producer.reachable() else "broker-away",
    }

    def listen(stop: threading.Event) -> None:
        asyncio.run(serve(settings, addresses, store, producer, stop, lambda found: port.__setitem__(0, found)))

    try:
        with HealthServer(settings.health_listen, ready=checks):
            return run_parts({"listener": listen}, stop, patience=settings.mail_answer_seconds + 5)
    finally:
        producer.close()


def repair(settings: Settings) -> Callable[[list[str]], list[Repaired]]:
    """Takes originals in again, by their folders in the store."""
    addresses, store = AddressBook.read(settings.municipalities), S3ObjectStore.connect(settings)

    async def work(folders: list[str], producer: Producer) -> list[Repaired]:
        intake = Intake(store, producer, keys(settings), addresses.domains)
        try:
            return await repairing.repair(folders, store, intake, addresses, datetime.now(UTC))
        finally:
            await intake.close()

    def run_it(folders: list[str]) -> list[Repaired]:
        producer = Producer(settings.kafka_bootstrap, client_id="intake-email-repair")
        try:
            return asyncio.run(work(folders, producer))
        finally:
            producer.close()

    return run_it


async def serve(
    settings: Settings,
    addresses: AddressBook,
    store: ObjectStore,
    publisher: Publisher,
    stop: threading.Event,
    started: Callable[[int], None],
) -> None:
    """The listener with its intake; in the end both finish what they have in hand."""
    intake = Intake(
        store,
        publisher,
        keys(settings),
        addresses.domains,
        in_work=settings.mails_in_work,
        threads=settings.intake_threads,
        answer_within=settings.mail_answer_seconds,
    )
    door = Door(intake, addresses, limits(settings), rules(settings))
    try:
        await listener.serve(door, settings.smtp_listen, stop, started, patience=settings.mail_answer_seconds)
    finally:
        await intake.close()


def keys(settings: SecretSettings) -> Keys:
    """The service's secrets in the form that the pure part takes."""
    return Keys(
        settings.pseudonym_key.get_secret_value(),
        {name: key.get_secret_value() for name, key in settings.reply_token_keys.items()},
    )


def limits(settings: Settings) -> Limits:
    """What one peer may ask."""
    return Limits(
        settings.smtp_connections,
        settings.smtp_connections_per_peer,
        settings.smtp_messages_per_minute,
        read_networks(settings.smtp_trusted_networks),
    )


def rules(settings: Settings) -> Rules:
    """How the listener behaves."""
    certificate, key = settings.smtp_tls_certificate, settings.smtp_tls_key
    return Rules(
        name=settings.smtp_name,
        size_limit=settings.mail_size_limit,
        idle_seconds=settings.smtp_idle_seconds,
        data_seconds=settings.smtp_data_seconds,
        tls=tls_context(str(certificate), str(key) if key else None) if certificate else None,
    )
