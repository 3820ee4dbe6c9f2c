"""MongoDB: one place for how we connect, and for which of its errors mean that it is away."""

from typing import Any

from bson.codec_options import CodecOptions
from pymongo import MongoClient, WriteConcern
from pymongo.database import Database
from pymongo.errors import (
    AutoReconnect,
    ConnectionFailure,
    ExecutionTimeout,
    NetworkTimeout,
    PyMongoError,
    WaitQueueTimeoutError,
    WTimeoutError,
)
from pymongo.read_concern import ReadConcern

from kit.settings import MongoSettings

Document = dict[str, Any]

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


def check(database: Database[Document]) -> str | None:
    """Readiness: None when a primary answers."""
    try:
        database.command("ping")
    except PyMongoError:
        return "database-away"
    return None
