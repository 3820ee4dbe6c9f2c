"""Fixtures of tickets' tests: the town of Lipovany, a store in memory, and the same on a real MongoDB."""

import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr
from pymongo.database import Database

import packs
from contracts.sample_reports import MUNICIPALITY, pseudonym_of
from kit import mongo
from kit.mongo import Document
from kit.settings import MongoSettings
from tickets.cases.town import Town
from tickets.store import MongoStore, prepare

from .builders import Clock
from .memory_store import MemoryStore

PACK = Path(__file__).parents[3] / "packs" / MUNICIPALITY


@cache
def _pack() -> packs.Pack:
    return packs.load(PACK)


@pytest.fixture
def pack() -> packs.Pack:
    return _pack()


@pytest.fixture
def town(pack: packs.Pack) -> Town:
    return Town(MUNICIPALITY, pack, pseudonym_of)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(servers: Mapping[str, str]) -> Iterator[Database[Document]]:
    """A database of this test alone."""
    settings = MongoSettings(
        mongodb_uri=SecretStr(servers["MONGODB_URI"]), mongodb_prefix=f"t{os.getpid()}_{uuid4().hex[:8]}"
    )
    own = mongo.connect(settings, "tickets")
    prepare(own)
    yield own
    own.client.drop_database(own.name)
    own.client.close()


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.integration)])
def store(request: pytest.FixtureRequest, clock: Clock) -> MemoryStore | MongoStore:
    """Both stores: what holds for one holds for the other."""
    if request.param == "memory":
        return MemoryStore(clock)
    return MongoStore(request.getfixturevalue("database"), clock)
