"""What was in the stores is in them again, on real servers: as it was at one moment, in places that were empty."""

import threading
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import SecretStr
from pymongo import MongoClient

from contracts.registry import REPORTS, RULESETS, Topic
from deploy.backup import databases, objects, road
from deploy.backup.folder import BackupFault, Entry, NewBackup
from kit import dead_letter_box, mongo, topics
from kit.dead_letters import Waiting, dead_record
from kit.messages import Message, Record
from kit.object_store import S3ObjectStore
from kit.outcomes import DeadLetter
from kit.producer import Producer
from kit.settings import MongoSettings, ObjectStoreSettings

pytestmark = pytest.mark.integration


@pytest.fixture
def prefix() -> str:
    return f"b{uuid.uuid4().hex[:10]}"


@pytest.fixture
def client(servers: Mapping[str, str], prefix: str) -> Iterator[MongoClient[Any]]:
    settings = MongoSettings(mongodb_uri=SecretStr(servers["MONGODB_URI"]))
    client = mongo.connect(settings, "backup").client
    yield client
    for name in client.list_database_names():
        if name.startswith(prefix):
            client.drop_database(name)
    client.close()


def bucket(servers: Mapping[str, str]) -> S3ObjectStore:
    names = ("S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY")
    own = {"s3_bucket": f"backup-{uuid.uuid4().hex[:8]}"}
    store = S3ObjectStore.connect(ObjectStoreSettings.model_validate({n.lower(): servers[n] for n in names} | own))
    store.prepare()
    return store


def copied(folder: Path, what: Any) -> dict[str, Entry]:
    """Copies one kind of store into a folder as a backup does; returns its files."""
    folder.mkdir()
    backup = NewBackup(folder / "one")
    backup.__enter__()
    what(backup)
    backup._work.rename(folder / "one")
    return backup.files


def test_all_databases_are_copied_as_they_were_at_one_moment(
    client: MongoClient[Any], prefix: str, tmp_path: Path
) -> None:
    one, two = client[f"{prefix}_tickets"]["events"], client[f"{prefix}_notifier"]["deliveries"]
    for collection in (one, two):
        collection.insert_one({"_id": -1})
    stop, written = threading.Event(), threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            with client.start_session() as session, session.start_transaction():
                one.insert_one({"_id": number, "text": "Příliš žluťoučký"}, session=session)
                two.insert_one({"_id": number, "at": datetime.now(UTC)}, session=session)
            number += 1
            if number > 20:
                written.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert written.wait(30)
    files = copied(tmp_path / "a", lambda backup: databases.copy(client, prefix, backup))
    stop.set()
    writer.join()
    counts = {name: entry.count for name, entry in files.items()}
    assert len(set(counts.values())) == 1, "what was written in one transaction is in both or in none"
    again = f"{prefix}again"
    assert databases.occupied(client, again) is None
    assert databases.load(client, again, tmp_path / "a" / "one", files) == sum(counts.values())
    first = client[f"{again}_tickets"]["events"].find_one({"_id": 0})
    assert first == {"_id": 0, "text": "Příliš žluťoučký"}
    assert databases.occupied(client, again) in (f"{again}_tickets.events", f"{again}_notifier.deliveries")
    wrong = {name: entry.model_copy(update={"count": 1}) for name, entry in files.items()}
    with pytest.raises(BackupFault, match="the manifest says 1"):
        databases.load(client, f"{prefix}third", tmp_path / "a" / "one", wrong)


def test_every_object_is_copied_with_its_type(servers: Mapping[str, str], tmp_path: Path) -> None:
    store, again = bucket(servers), bucket(servers)
    long = f"originals/{'x' * 120}/{'y' * 120}/raw"
    contents = {f"originals/lipovany/2026-11-26/{n}/raw": bytes([n]) * n * 1000 for n in range(20)} | {long: b""}
    for key, content in contents.items():
        store.put(key, content, "message/rfc822")
    files = copied(tmp_path / "a", lambda backup: objects.copy(store, backup))
    assert not objects.occupied(again)
    assert objects.load(again, tmp_path / "a" / "one", files[objects.FILE]) == len(contents)
    assert sorted(again.keys()) == sorted(contents)
    assert {key: again.get_with_type(key) for key in contents} == {
        key: (content, "message/rfc822") for key, content in contents.items()
    }
    assert objects.occupied(again)


@pytest.fixture
def rows() -> tuple[Topic, ...]:
    name = f"b{uuid.uuid4().hex[:8]}"
    common: dict[str, Any] = {"events": (), "writers": ("one",), "partitions": 2}
    plain = Topic(name=name, key=REPORTS.key, readers=("slow", "fast"), ordered=True, **common)
    rules = Topic(name=f"{name}-rules", key=RULESETS.key, readers=(), ordered=False, compacted=True, **common)
    return plain, rules


def test_of_the_topics_the_newest_rules_and_the_waiting_dead_letters_come_back(
    servers: Mapping[str, str], rows: tuple[Topic, ...], tmp_path: Path
) -> None:
    bootstrap, (plain, rules) = servers["KAFKA_BOOTSTRAP"], rows
    topics.create(bootstrap, rows)
    assert road.occupied(bootstrap, rows) is None
    box = dead_letter_box.Box(plain.name, "slow")
    letters = [
        dead_record(Message(plain.name, 1, offset, b"key", b"value %d" % offset), DeadLetter("Broken", "x"), box.name)
        for offset in (700, 900)
    ]
    ruled = [Record(rules.name, b"lipovany", b"old", partition=0), Record(rules.name, b"lipovany", b"new", partition=0)]
    producer = Producer(bootstrap, client_id="test", confirm_within=60)
    assert all(producer.publish_all([*letters, *ruled]))
    producer.close()
    assert road.occupied(bootstrap, rows) in (box.name, rules.name)
    files = copied(tmp_path / "a", lambda backup: road.copy(bootstrap, backup, rows))
    kept = {name.split("/")[1]: entry.count for name, entry in files.items()}
    assert kept == {f"{rules.name}.jsonl": 1, f"{box.name}.jsonl": 2, f"{plain.name}.fast.dead.jsonl": 0}
    # A second copy under other names stands for empty servers.
    for name in kept:
        path = tmp_path / "a" / "one" / "topics" / name
        path.rename(path.with_name(name.replace(plain.name, f"{plain.name}n")))
    moved = {name.replace(plain.name, f"{plain.name}n"): entry for name, entry in files.items()}
    new = tuple(Topic(**{**vars(row), "name": row.name.replace(plain.name, f"{plain.name}n")}) for row in rows)
    assert road.load(bootstrap, tmp_path / "a" / "one", moved, new) == 3
    waiting = dead_letter_box.waiting_in(bootstrap, dead_letter_box.Box(f"{plain.name}n", "slow"))
    assert [letter.value for letter in waiting] == [b"value 700", b"value 900"]
    held = Waiting()
    held.load(1, waiting)
    assert held.blocks(Message(plain.name, 1, 0, b"key", b"")), (
        "the first record of a new topic follows the old letters"
    )
    assert not held.holds(Message(plain.name, 1, 900, b"key", b"")), "a new record is not taken for an old letter"


def test_the_oldest_event_that_the_slowest_reader_had_not_read_is_found(
    servers: Mapping[str, str], rows: tuple[Topic, ...]
) -> None:
    bootstrap, (plain, _) = servers["KAFKA_BOOTSTRAP"], rows
    topics.create(bootstrap, rows)
    read = road.places(bootstrap, rows)
    assert read == {(plain.name, 0): 0, (plain.name, 1): 0}
    assert road.oldest_unread(bootstrap, read) is None
    moment = datetime(2026, 11, 26, 8, tzinfo=UTC)
    values = [
        *(orjson.dumps({"time": (moment + timedelta(minutes=n)).isoformat()}) for n in (5, 3, 4)),
        b"no event",
        orjson.dumps({"time": "soon"}),
    ]
    producer = Producer(bootstrap, client_id="test", confirm_within=60)
    assert all(producer.publish_all([Record(plain.name, None, value, partition=1) for value in values]))
    producer.close()
    assert road.oldest_unread(bootstrap, read) == moment + timedelta(minutes=3)
    assert road.oldest_unread(bootstrap, {(plain.name, 1): 2}) == moment + timedelta(minutes=4)
    assert road.oldest_unread(bootstrap, {(plain.name, 1): 5}) is None
