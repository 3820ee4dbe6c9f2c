"""Services import no other service, kit no domain, pure modules no client library."""

import pytest

from contracts.registry import TOPICS

from .boundaries import (
    EDGES,
    EDGES_OF_EVERY_SERVICE,
    domain_words_in_kit,
    import_faults,
    pure_modules,
    purity_faults,
    unknown_edges,
)
from .conftest import Plant
from .source import Module, service_packages

TOPIC_NAMES = frozenset(topic.name for topic in TOPICS)
LAMPS = "services/lamps/lamps/"
HANDLERS = LAMPS + "handlers.py"
KIT = {
    "kit/producer.py": "import confluent_kafka\nclass NotConfirmed(Exception): ...\nclass Producer: ...\n",
    "kit/object_store.py": """
        import minio
        from typing import Protocol
        class Missing(LookupError): ...
        class Store(Protocol): ...
        class S3Store: ...
        """,
    "kit/outcomes.py": "class Done: ...\n",
}


def test_no_module_imports_over_a_border(modules: list[Module]) -> None:
    assert import_faults(modules) == []


def test_pure_modules_reach_no_client_library(modules: list[Module]) -> None:
    assert purity_faults(modules) == []


def test_every_named_edge_exists(modules: list[Module]) -> None:
    assert unknown_edges(modules) == []
    assert set(EDGES) == set(service_packages(modules))


def test_handlers_contracts_and_packs_are_pure_modules(modules: list[Module]) -> None:
    pure = {module.name for module in pure_modules(modules)}
    assert {f"{package}.handlers" for package in service_packages(modules)} <= pure
    assert {module.name for module in modules if module.package in ("contracts", "packs")} <= pure
    assert not {module.within for module in pure_modules(modules) if module.package in EDGES} & EDGES_OF_EVERY_SERVICE


def test_kit_speaks_of_no_domain_word_and_no_topic(modules: list[Module]) -> None:
    assert domain_words_in_kit(modules, TOPIC_NAMES) == []


@pytest.mark.parametrize(
    ("path", "code", "fault"),
    [
        (HANDLERS, "from poles import rules", "imports poles"),
        (HANDLERS, "import poles.rules", "imports poles"),
        (HANDLERS, "def later():\n    from poles.store import find", "imports poles"),
        ("services/lamps/tests/test_lamps.py", "from poles import rules", "imports poles"),
        (HANDLERS, "import deploy.local", "imports deploy"),
        ("kit/loop.py", "from contracts import registry", "imports contracts"),
        ("kit/loop.py", "import lamps", "imports lamps"),
        ("kit/loop.py", "import packs", "imports packs"),
        ("contracts/events.py", "from kit import logs", "imports kit"),
        ("packs/load.py", "from kit import object_store", "imports kit"),
        ("deploy/local/start.py", "from lamps import settings", "imports lamps"),
        ("tests/flows/test_road.py", "from lamps.handlers import handle", "imports lamps"),
    ],
)
def test_an_import_over_a_border_is_found(plant: Plant, path: str, code: str, fault: str) -> None:
    services = {"services/poles/poles/rules.py": "", HANDLERS: "", "kit/__init__.py": "", "deploy/__init__.py": ""}
    found = import_faults(plant({**services, path: code}))
    assert [line.partition(": ")[::2] for line in found] == [
        (f"{path}:{code[: code.find('poles.store')].count(chr(10)) + 1}", fault)
    ]


def test_what_a_service_may_import_is_not_found(plant: Plant) -> None:
    code = "import lamps.rules\nfrom . import rules\nimport kit, contracts, packs, orjson\n"
    tree = {HANDLERS: code, LAMPS + "rules.py": "", "services/lamps/tests/test_lamps.py": code + "import deploy.local"}
    assert import_faults(plant({**tree, "services/poles/poles/rules.py": ""})) == []


@pytest.mark.parametrize(
    ("path", "code", "fault"),
    [
        (HANDLERS, "import pymongo", "imports the client library pymongo"),
        (HANDLERS, "from confluent_kafka import Producer", "imports the client library confluent_kafka"),
        (HANDLERS, "from bson.objectid import ObjectId", "imports the client library bson.objectid"),
        (HANDLERS, "def f():\n    import socket", "imports the client library socket"),
        (HANDLERS, "import urllib.request", "imports the client library urllib.request"),
        (LAMPS + "rules.py", "import fastapi", "imports the client library fastapi"),
        (LAMPS + "poles/rules.py", "import faust", "imports the client library faust"),
        ("contracts/events.py", "import httpx", "imports the client library httpx"),
        ("packs/load.py", "import minio", "imports the client library minio"),
        (HANDLERS, "from lamps.store import find", "reaches a client library by way of lamps.store"),
        (HANDLERS, "from lamps import store", "reaches a client library by way of lamps.store"),
        (HANDLERS, "from .store import find", "reaches a client library by way of lamps.store"),
        (HANDLERS, "from lamps.wiring import parts", "reaches a client library by way of lamps.wiring"),
        (HANDLERS, "from kit.producer import Producer", "reaches a client library by way of kit.producer"),
        (HANDLERS, "import kit.producer", "reaches a client library by way of kit.producer"),
        (HANDLERS, "from kit import producer", "reaches a client library by way of kit.producer"),
        (HANDLERS, "from kit.object_store import S3Store", "reaches a client library by way of kit.object_store"),
    ],
)
def test_a_client_library_in_a_pure_module_is_found(plant: Plant, path: str, code: str, fault: str) -> None:
    store = {
        LAMPS + "store.py": "import pymongo\ndef find(): ...\n",
        LAMPS + "wiring.py": "from lamps.store import find",
    }
    found = purity_faults(plant({**KIT, **store, path: code}), {})
    assert [line.partition(": ")[2] for line in found] == [fault]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (HANDLERS, "from kit.producer import NotConfirmed"),
        (HANDLERS, "from kit.object_store import Missing, Store"),
        (HANDLERS, "from kit.outcomes import Done"),
        (HANDLERS, "from lamps.settings import Settings"),
        (HANDLERS, "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pymongo import MongoClient"),
        (HANDLERS, "import asyncio, hashlib, orjson, urllib.parse"),
        (LAMPS + "store.py", "import pymongo"),
        (LAMPS + "api.py", "import fastapi"),
        (LAMPS + "listener.py", "import aiosmtpd"),
        (LAMPS + "desk/queries.py", "import pymongo"),
        ("services/lamps/tests/test_lamps.py", "import pymongo"),
    ],
)
def test_what_is_pure_or_an_edge_is_not_found(plant: Plant, path: str, code: str) -> None:
    tree = {LAMPS + "settings.py": "import pydantic_settings\n", path: code}
    assert purity_faults(plant({**KIT, **tree}), {"lamps": frozenset({"listener", "desk"})}) == []


def test_an_edge_that_is_gone_is_found(plant: Plant) -> None:
    assert unknown_edges(plant({HANDLERS: ""}), {"lamps": frozenset({"listener", "handlers"})}) == ["lamps.listener"]


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("def f(ticket_id): ...", "ticket_id speaks of a ticket"),
        ("open_reports = 1", "open_reports speaks of a report"),
        ("class TicketReader: ...", "TicketReader speaks of a ticket"),
        ("x.municipalities", "municipalities speaks of a municipality"),
        ("f(reporter=1)", "reporter speaks of a reporter"),
        ("import a as tickets", "tickets speaks of a ticket"),
        ("NAME = 'ticket-events'", "names the topic ticket-events"),
    ],
)
def test_a_domain_word_in_kit_is_found(plant: Plant, code: str, fault: str) -> None:
    assert domain_words_in_kit(plant({"kit/loop.py": code}), TOPIC_NAMES) == [f"kit/loop.py:1: {fault}"]


def test_a_domain_word_elsewhere_and_a_word_that_only_begins_alike_are_not_found(plant: Plant) -> None:
    tree = {
        HANDLERS: "ticket_id = 1",
        "kit/tests/test_loop.py": "ticket = 1",
        "kit/loop.py": "reported = reporting = 1",
    }
    assert domain_words_in_kit(plant(tree), TOPIC_NAMES) == []
