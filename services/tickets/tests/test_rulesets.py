"""Packs by way of topic and store: what is wrong is left out, what holds goes on holding."""

import shutil
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from pymongo.database import Database

import packs
from contracts.envelope import parse_event
from contracts.registry import EVENTS
from contracts.sample_reports import MUNICIPALITY, PSEUDONYM_KEY, pseudonym_of
from kit.messages import Record
from kit.mongo import Document
from kit.object_store import MemoryObjectStore
from tickets.rulesets import (
    Activation,
    Activations,
    NoModelError,
    Rulesets,
    Sort,
    earlier,
    of_the_program,
    publication,
    stored,
    stored_model,
)

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
    held = stored(PACK, objects)
    record = publication(held)
    event = parse_event(record.value, EVENTS)
    assert record.key == b"lipovany/ruleset.published"
    assert (event.data.label, event.data.digest) == (held.label, packs.digest(objects.get(event.data.object_key)))
    told(rulesets, record)
    town = rulesets.town(MUNICIPALITY)
    assert town.pack is not None
    party = town.team("technicke-sluzby")
    assert party is not None
    assert party.participant.id == pseudonym_of("technicke-sluzby@lipovany.test")


def test_the_same_pack_is_the_same_event(objects: MemoryObjectStore) -> None:
    first, second = (parse_event(publication(stored(PACK, objects)).value, EVENTS) for _ in range(2))
    assert first.id == second.id


def test_a_pack_with_faults_is_not_published(objects: MemoryObjectStore, tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text("nothing: right\n")
    with pytest.raises(packs.PackError):
        stored(tmp_path, objects)
    assert objects.objects == {}


def test_wrong_entries_leave_the_pack_that_holds(rulesets: Rulesets, objects: MemoryObjectStore) -> None:
    record = publication(stored(PACK, objects))
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
    record = publication(stored(PACK, objects))
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


def activation(digest: str, minute: int) -> Activation:
    return Activation("lipovany", digest * 64, f"lipovany-1.{minute}", datetime(2026, 11, 26, 12, minute, tzinfo=UTC))


def test_back_is_to_the_last_pack_that_differs_from_the_one_that_holds() -> None:
    history = [activation("c", 3), activation("b", 2), activation("c", 1), activation("a", 0)]
    assert earlier(history, None) == history[1]
    assert earlier(history, "a") == history[3]
    assert earlier(history, "c") is None
    assert earlier(history[:1], None) is None
    assert earlier([], None) is None


def test_a_model_is_told_by_its_hash_and_the_programs_own_by_taking_the_entry_out(
    objects: MemoryObjectStore, tmp_path: Path
) -> None:
    file = tmp_path / "candidate.npz"
    file.write_bytes(b"PK\x03\x04 arrays")
    held = stored_model(file, "lipovany", objects)
    record = publication(held)
    event = parse_event(record.value, EVENTS)
    assert record.key == b"lipovany/model.activated"
    assert event.data.digest == held.digest
    assert objects.get(event.data.object_key) == file.read_bytes()
    assert publication(of_the_program("lipovany")) == Record("rulesets", b"lipovany/model.activated", None)


def test_what_is_no_model_is_not_stored(objects: MemoryObjectStore, tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("no model")
    for name in ("text.npz", "missing.npz"):
        with pytest.raises(NoModelError, match=name):
            stored_model(tmp_path / name, "lipovany", objects)
    assert objects.objects == {}


def test_a_model_changes_nothing_for_tickets(rulesets: Rulesets, objects: MemoryObjectStore, tmp_path: Path) -> None:
    (tmp_path / "m.npz").write_bytes(b"PK\x03\x04")
    told(rulesets, publication(stored(PACK, objects)))
    holding = rulesets.town(MUNICIPALITY)
    told(rulesets, publication(stored_model(tmp_path / "m.npz", MUNICIPALITY, objects)))
    assert rulesets.town(MUNICIPALITY) is holding


@pytest.mark.integration
def test_what_held_is_remembered_in_its_order_and_a_repeated_start_adds_nothing(database: Database[Document]) -> None:
    activations = Activations(database)
    for one in (activation("a", 0), activation("b", 1), activation("b", 2), activation("a", 3)):
        activations.note(one)
    assert activations.of("lipovany") == [activation("a", 3), activation("b", 1), activation("a", 0)]
    assert activations.of("dubna") == []
    model = replace(activation("c", 4), sort=Sort.MODEL)
    activations.note(model)
    assert activations.of("lipovany", Sort.MODEL) == [model]
    assert activations.of("lipovany")[0] == activation("a", 3)


def test_a_pack_that_is_taken_back_holds_again_without_a_restart(
    rulesets: Rulesets, objects: MemoryObjectStore, tmp_path: Path
) -> None:
    first = stored(PACK, objects)
    for name in ("cz-town", "lipovany"):
        shutil.copytree(PACK.parent / name, tmp_path / name)
    town = tmp_path / "lipovany" / "town.yaml"
    town.write_text(town.read_text(encoding="utf-8").replace("555 010 100", "555 010 199"), encoding="utf-8")
    second = stored(tmp_path / "lipovany", objects)
    phones = []
    for holding in (first, second, first):
        told(rulesets, publication(holding))
        pack = rulesets.town(MUNICIPALITY).pack
        assert pack is not None
        phones.append(pack.town.phone)
    assert phones == ["+420 555 010 100", "+420 555 010 199", "+420 555 010 100"]
