"""One suite for the fake and the real store."""

import uuid
from collections.abc import Mapping

import pytest

from kit.object_store import MemoryObjectStore, ObjectMissing, ObjectStore, S3ObjectStore, StoreAway
from kit.settings import ObjectStoreSettings


@pytest.fixture(params=["memory", pytest.param("s3", marks=pytest.mark.integration)])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    if request.param == "memory":
        return MemoryObjectStore()
    servers: Mapping[str, str] = request.getfixturevalue("servers")
    settings = ObjectStoreSettings.model_validate(
        {name.lower(): servers[name] for name in ("S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY")}
        | {"s3_bucket": f"test-{uuid.uuid4().hex[:8]}"}
    )
    real = S3ObjectStore.connect(settings)
    real.prepare()
    real.prepare()
    assert real.check() is None
    return real


def test_what_was_put_is_got_byte_for_byte(store: ObjectStore) -> None:
    content = bytes(range(256)) * 1000
    store.put("originals/lipovany/2026-11-24/one/raw", content, "message/rfc822")
    assert store.get("originals/lipovany/2026-11-24/one/raw") == content


def test_an_empty_object_is_an_object(store: ObjectStore) -> None:
    store.put("empty", b"")
    assert store.get("empty") == b""
    assert store.exists("empty")


def test_a_second_put_replaces_the_first(store: ObjectStore) -> None:
    store.put("twice", b"one")
    store.put("twice", b"two")
    assert store.get("twice") == b"two"


def test_a_missing_object_is_said_to_be_missing(store: ObjectStore) -> None:
    assert not store.exists("nothing/here")
    with pytest.raises(ObjectMissing):
        store.get("nothing/here")


def test_the_folders_under_a_folder_are_named_each_once(store: ObjectStore) -> None:
    for report in ("b", "a", "c"):
        for name in ("raw", "envelope.json", "parts/part-1"):
            store.put(f"originals/lipovany/2026-11-24/{report}/{name}", b"x")
    store.put("originals/lipovany/2026-11-24-beside/other/raw", b"x")
    store.put("originals/lipovany/2026-11-24/alone", b"x")
    assert store.folders("originals/lipovany/2026-11-24") == ["a", "b", "c"]
    assert store.folders("originals/lipovany") == ["2026-11-24", "2026-11-24-beside"]
    assert store.folders("originals/dubna") == []


def test_more_folders_than_one_answer_of_the_store_holds_are_all_named(store: ObjectStore) -> None:
    names = [f"{number:04d}" for number in range(1_100)]
    for name in names:
        store.put(f"many/{name}/raw", b"")
    assert store.folders("many") == names


def test_a_fake_store_that_is_away_says_so() -> None:
    store = MemoryObjectStore()
    store.away = True
    with pytest.raises(StoreAway):
        store.put("key", b"")


@pytest.mark.parametrize("keys", [{"s3_access_key": ""}, {"s3_secret_key": ""}])
def test_missing_keys_of_the_store_are_asked_for_by_name(
    keys: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"s3_access_key": "helpdesk", "s3_secret_key": "secret"}
    with pytest.raises(SystemExit) as ended:
        S3ObjectStore.connect(ObjectStoreSettings.model_validate({**given, **keys}))
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("setting S3_ACCESS_KEY, S3_SECRET_KEY: needed")


def test_a_real_store_that_is_away_says_so() -> None:
    store = S3ObjectStore.connect(
        ObjectStoreSettings.model_validate({"s3_endpoint": "http://127.0.0.1:1", "s3_secret_key": "x"})
    )
    with pytest.raises(StoreAway):
        store.put("key", b"content")
    with pytest.raises(StoreAway):
        store.get("key")
    with pytest.raises(StoreAway):
        store.exists("key")
    assert store.check() == "store-away"
