"""Fixtures of tickets' tests: the town of Lipovany, a store in memory, and the same on a real MongoDB."""

import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from pymongo.database import Database

import packs
from contracts.sample_reports import MUNICIPALITY, PSEUDONYM_KEY, pseudonym_of
from kit import mongo
from kit.mongo import Document
from kit.object_store import MemoryObjectStore
from kit.settings import MongoSettings
from tickets import api
from tickets.cases.permissions import StaffRole
from tickets.cases.town import Town
from tickets.handlers import ReportsHandler, RoutingHandler
from tickets.staff.desk import Desk
from tickets.staff.queries import Queries
from tickets.staff.tokens import StaffTokens
from tickets.store import MongoStore, prepare

from .builders import Clock
from .memory_store import MemoryStore
from .office import Office, Person

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


@pytest.fixture
def office(database: Database[Document], town: Town, clock: Clock) -> Iterator[Office]:
    store, objects = MongoStore(database, clock), MemoryObjectStore()
    tokens = StaffTokens(database, clock, PSEUDONYM_KEY)

    known = {town.municipality: town}

    def towns(municipality: str) -> Town:
        return known.get(municipality) or Town(municipality, None, town.pseudonym)

    desk = Desk(store, Queries(database), tokens, towns, objects, clock, lambda _: made.verdict)
    with TestClient(api.create(desk), raise_server_exceptions=False) as client:
        reports, routings = ReportsHandler(store, towns, clock), RoutingHandler(store, towns, clock)
        made = Office(client, tokens, clock, objects, reports, routings, known)
        yield made


@pytest.fixture
def dispatcher(office: Office) -> Person:
    return office.person(StaffRole.DISPATCHER)
