"""MongoDB: one place for how we connect, and for which of its errors mean that it is away."""

import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from bson.codec_options import CodecOptions
from pymongo import IndexModel, MongoClient, WriteConcern
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import (
    AutoReconnect,
    ConnectionFailure,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
    WaitQueueTimeoutError,
    WTimeoutError,
)
from pymongo.read_concern import ReadConcern

from kit.settings import MongoSettings

Document = dict[str, Any]

ASK_SECONDS = 10.0

# IndexOptionsConflict: the same keys with other options; IndexKeySpecsConflict: the same name for something else.
_INDEX_DIFFERS = frozenset({85, 86})

AWAY = (AutoReconnect, ConnectionFailure, NetworkTimeout, ExecutionTimeout, WaitQueueTimeoutError, WTimeoutError)
"""Errors that pass when the server is back; NotPrimaryError and ServerSelectionTimeoutError are among them."""


def connect(settings: MongoSettings, service: str, *, pool: int = 32) -> Database[Document]:
    """The service's own database. Nothing is sent yet; writes are journaled by a majority."""
    client: MongoClient[Document] = MongoClient(
        settings.mongodb_uri.get_secret_value(),
        appname=service,
        tz_aware=True,
        uuidRepresentation="standard",
        serverSelectionTimeoutMS=5000,
        connectTimeoutMS=3000,
        socketTimeoutMS=20000,
        maxPoolSize=pool,
        retryWrites=True,
        retryReads=True,
    )
    return client.get_database(
        f"{settings.mongodb_prefix}_{service}",
        codec_options=CodecOptions(tz_aware=True, uuid_representation=4),
        write_concern=WriteConcern(w="majority", j=True),
        read_concern=ReadConcern("majority"),
    )


def ensure_indexes(collection: Collection[Document], indexes: Iterable[IndexModel]) -> None:
    """Makes the indexes that are missing, and makes those anew that are there with other options."""
    indexes = list(indexes)
    wanted = {index.document["name"] for index in indexes}
    for index in indexes:
        try:
            collection.create_indexes([index])
        except OperationFailure as error:
            if error.code not in _INDEX_DIFFERS:
                raise
            own, keys = index.document["name"], dict(index.document["key"])
            for name, present in collection.index_information().items():
                if name == own or (name not in wanted and dict(present["key"]) == keys):
                    collection.drop_index(name)
            collection.create_indexes([index])


def check(database: Database[Document]) -> str | None:
    """Readiness: None when a primary answers."""
    try:
        database.command("ping")
    except PyMongoError:
        return "database-away"
    return None


class ServerClock:
    """The time of day as the database has it: all processes share it, and ours may be set while we run.

    Between two questions our monotonic clock counts on. Before the first answer it is our own clock.
    """

    def __init__(self, database: Database[Document]) -> None:
        self._database = database
        self._ahead: float | None = None
        self._known = threading.Event()

    def __call__(self) -> datetime:
        """The present moment in UTC, to the millisecond as the database keeps it."""
        seconds = time.time() if self._ahead is None else time.monotonic() + self._ahead
        return datetime.fromtimestamp(round(seconds, 3), UTC)

    def ask(self) -> None:
        """Raises PyMongoError."""
        asked = time.monotonic()
        told: datetime = self._database.client.admin.command("hello")["localTime"]
        # What the answer took on its way is half of the whole way at the most likely.
        self._ahead = told.timestamp() - (asked + time.monotonic()) / 2
        self._known.set()

    def wait(self, stop: threading.Event) -> bool:
        """Until the first answer; false where `stop` came before it."""
        while not stop.is_set():
            if self._known.wait(0.1):
                return True
        return False

    def run(self, stop: threading.Event) -> None:
        """Asks every few seconds until `stop`; while the database is away it counts on."""
        while not stop.is_set():
            with suppress(PyMongoError):
                self.ask()
            stop.wait(ASK_SECONDS)
