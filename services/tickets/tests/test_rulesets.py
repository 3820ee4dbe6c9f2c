"""Packs by way of topic and store: what is wrong is left out, what holds goes on holding."""

import threading
from pathlib import Path

import orjson
import pytest

import packs
from contracts.envelope import parse_event
from contracts.registry import EVENTS
from contracts.sample_reports import MUNICIPALITY, PSEUDONYM_KEY, pseudonym_of
from kit.messages import Record
from kit.object_store import MemoryObjectStore
from tickets.rulesets import Rulesets, publication

from .conftest import PACK


@pytest.fixture
def objects() -> MemoryObjectStore:
    return MemoryObjectStore()


@pytest.fixture
def rulesets(objects: MemoryObjectStore) -> Rulesets:
    return Rulesets("127.0.0.1:1", objects, PSEUDONYM_KEY)


def told(rulesets: Rulesets, record: Record) -> None:
    rulesets.shelf.take(record.key or b"", record.value or b"")


def test_a_published_pack_holds(rulesets: Rulesets, objects: MemoryObjectStore) -> None:
    record, label = publication(PACK, objects)
    event = parse_event(record.value, EVENTS)
    assert record.key == b"lipovany/ruleset.published"
    assert (event.data.label, event.data.digest) == (label, packs.digest(objects.get(event.data.object_key)))
    told(rulesets, record)
    town = rulesets.town(MUNICIPALITY)
    assert town.pack is not None
    party = town.team("technicke-sluzby")
    assert party is not None
    assert party.participant.id == pseudonym_of("technicke-sluzby@lipovany.test")


def test_the_same_pack_is_the_same_event(objects: MemoryObjectStore) -> None:
    first, second = (parse_event(publication(PACK, objects)[0].value, EVENTS) for _ in range(2))
    assert first.id == second.id


def test_a_pack_with_faults_is_not_published(objects: MemoryObjectStore, tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text("nothing: right\n")
    with pytest.raises(packs.PackError):
        publication(tmp_path, objects)
    assert objects.objects == {}


def test_wrong_entries_leave_the_pack_that_holds(rulesets: Rulesets, objects: MemoryObjectStore) -> None:
    record, _ = publication(PACK, objects)
    told(rulesets, record)
    holding = rulesets.town(MUNICIPALITY)
    document = orjson.loads(record.value or b"")
    key = document["data"]["object_key"]
    content = objects.objects[key]

    missing = {**document, "data": {**document["data"], "object_key": "rulesets/lipovany/none.json"}}
    for value in (b"{", b"[]", orjson.dumps({**document, "type": "no.such"}), orjson.dumps(missing)):
        told(rulesets, Record("rulesets", record.key, value))
    objects.objects[key] = content + b" "
    told(rulesets, record)
    objects.objects[key] = b"{}"
    other = {**document, "data": {**document["data"], "digest": packs.digest(b"{}")}}
    told(rulesets, Record("rulesets", record.key, orjson.dumps(other)))
    assert rulesets.town(MUNICIPALITY) is holding


def test_a_store_that_is_away_is_waited_for(rulesets: Rulesets, objects: MemoryObjectStore) -> None:
    record, _ = publication(PACK, objects)
    objects.away = True
    waiting = threading.Thread(target=told, args=(rulesets, record))
    waiting.start()
    objects.away = False
    waiting.join(10)
    assert rulesets.town(MUNICIPALITY).pack is not None


def test_a_town_without_a_pack_works_without_it(rulesets: Rulesets) -> None:
    assert rulesets.town("dubna").pack is None
    assert rulesets.check() == "rulesets-not-read"


def test_nothing_waits_for_a_pack_after_stop(rulesets: Rulesets) -> None:
    stop = threading.Event()
    stop.set()
    assert rulesets.wait(stop) is False
