"""Builds the service's parts and runs them; tests pass their own."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial

from intake_email import listener, repairing
from intake_email.events import Keys
from intake_email.handlers import Answer, Intake, Mail, Publisher
from intake_email.limits import Limits, read_networks
from intake_email.listener import Door
from intake_email.listener_options import ListenerOptions, tls_context
from intake_email.mailboxes import configuration, connection
from intake_email.mailboxes.books import Books, Page
from intake_email.mailboxes.configuration import Mailbox
from intake_email.mailboxes.fetcher import Fetcher, TakeAll
from intake_email.mailboxes.sessions import MailboxFault, Opening
from intake_email.mailboxes.tokens import AccessTokens
from intake_email.recipients import AddressBook
from intake_email.repairing import Repaired
from intake_email.settings import Settings
from kit.health import HealthServer
from kit.object_store import ObjectStore, S3ObjectStore, StoreAway
from kit.producer import Producer
from kit.settings import SecretSettings, refuse
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


def fetch(settings: Settings, stop: threading.Event) -> int:
    """Takes from all mailboxes until `stop`; returns the exit code."""
    addresses, boxes = AddressBook.read(settings.municipalities), mailboxes(settings)
    store = S3ObjectStore.connect(settings, connections=settings.intake_threads)
    producer = Producer(
        settings.kafka_bootstrap, client_id="intake-email-fetch", confirm_within=settings.mail_answer_seconds / 2
    )
    try:
        with taking(settings, addresses, store, producer) as take_all:
            fetchers = {box.name: fetcher(box, settings, take_all, addresses, store) for box in boxes}
            checks = {
                "store": store.check,
                "broker": lambda: None if producer.reachable() else "broker-away",
                **{f"mailbox-{name}": one.status.check for name, one in fetchers.items()},
            }
            with HealthServer(settings.health_listen, ready=checks):
                parts = {f"mailbox-{name}": one.run for name, one in fetchers.items()}
                return run_parts(parts, stop, patience=settings.mail_answer_seconds + 5)
    finally:
        producer.close()


def mailboxes(settings: Settings) -> list[Mailbox]:
    """The mailboxes that the settings name. Ends the process where that cannot be."""
    if settings.imap_mailboxes is None:
        refuse("IMAP_MAILBOXES", "needed; it names the file with the mailboxes")
    addresses = AddressBook.read(settings.municipalities)
    try:
        return configuration.read(settings.imap_mailboxes, addresses, settings.mailbox_secrets)
    except configuration.Wrong as wrong:
        refuse("IMAP_MAILBOXES", str(wrong))


def opening(mailbox: Mailbox, settings: Settings) -> Opening:
    """How to get into a mailbox."""
    secrets = settings.mailbox_secrets[mailbox.name]
    tokens = AccessTokens(mailbox.token, secrets) if mailbox.token is not None else None
    return partial(connection.connect, mailbox, secrets, tokens)


def books(mailbox: Mailbox, settings: Settings, addresses: AddressBook, store: ObjectStore) -> Books:
    """The books of one mailbox."""
    return Books(mailbox, addresses, store, size_limit=settings.mail_size_limit, clock=lambda: datetime.now(UTC))


def pages(settings: Settings, days: int) -> Iterator[tuple[str, Page | str]]:
    """How each mailbox stands, or the code of why nobody knows."""
    addresses, store = AddressBook.read(settings.municipalities), S3ObjectStore.connect(settings)
    for box in mailboxes(settings):
        try:
            with closing(opening(box, settings)()) as session:
                yield box.name, books(box, settings, addresses, store).page(session, days)
        except MailboxFault as fault:
            yield box.name, fault.reason
        except StoreAway:
            yield box.name, "store-away"


def fetcher(
    mailbox: Mailbox, settings: Settings, take_all: TakeAll, addresses: AddressBook, store: ObjectStore
) -> Fetcher:
    """The fetcher of one mailbox."""
    return Fetcher(
        mailbox,
        opening(mailbox, settings),
        take_all,
        addresses,
        size_limit=settings.mail_size_limit,
        clock=lambda: datetime.now(UTC),
        books=books(mailbox, settings, addresses, store),
    )


def intake_of(settings: Settings, addresses: AddressBook, store: ObjectStore, publisher: Publisher) -> Intake:
    """The intake, the same behind every door."""
    return Intake(
        store,
        publisher,
        keys(settings),
        addresses.domains,
        in_work=settings.mails_in_work,
        threads=settings.intake_threads,
        answer_within=settings.mail_answer_seconds,
    )


@contextmanager
def taking(settings: Settings, addresses: AddressBook, store: ObjectStore, publisher: Publisher) -> Iterator[TakeAll]:
    """The intake on an event loop of its own, for threads; the same as behind SMTP. In the end it finishes what it has in hand."""
    intake = intake_of(settings, addresses, store, publisher)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="intake", daemon=True)
    thread.start()

    def take_all(mails: Sequence[Mail]) -> Sequence[Answer]:
        return asyncio.run_coroutine_threadsafe(intake.take_all(mails), loop).result()

    try:
        yield take_all
    finally:
        asyncio.run_coroutine_threadsafe(intake.close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


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
    intake = intake_of(settings, addresses, store, publisher)
    door = Door(intake, addresses, limits(settings), listener_options(settings))
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


def listener_options(settings: Settings) -> ListenerOptions:
    """How the listener behaves."""
    certificate, key = settings.smtp_tls_certificate, settings.smtp_tls_key
    return ListenerOptions(
        name=settings.smtp_name,
        size_limit=settings.mail_size_limit,
        idle_seconds=settings.smtp_idle_seconds,
        data_seconds=settings.smtp_data_seconds,
        tls=tls_context(str(certificate), str(key) if key else None) if certificate else None,
    )
