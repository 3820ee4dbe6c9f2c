"""How collections are prepared, on a real MongoDB."""

import threading
import time
from collections.abc import Iterator, Mapping
from uuid import uuid4

import pytest
from pydantic import SecretStr
from pymongo import IndexModel
from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from kit import mongo
from kit.mongo import Document, ServerClock, ensure_indexes
from kit.settings import MongoSettings

pytestmark = pytest.mark.integration


@pytest.fixture
def collection(servers: Mapping[str, str]) -> Iterator[Collection[Document]]:
    settings = MongoSettings(mongodb_uri=SecretStr(servers["MONGODB_URI"]), mongodb_prefix=f"k{uuid4().hex[:8]}")
    database = mongo.connect(settings, "kit")
    yield database["things"]
    database.client.drop_database(database.name)
    database.client.close()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"expireAfterSeconds": 10}, {"expireAfterSeconds": 20}),
        ({"name": "of-another-name"}, {}),
        ({"unique": True}, {"unique": True}),
    ],
)
def test_an_index_with_other_options_is_made_anew(
    collection: Collection[Document], before: Document, after: Document
) -> None:
    ensure_indexes(collection, [IndexModel({"at": 1}, **before)])
    ensure_indexes(collection, [IndexModel({"at": 1}, **after)])
    information = collection.index_information()
    assert set(information) == {"_id_", "at_1"}
    assert {name: information["at_1"].get(name) for name in after} == after


def test_a_name_that_stood_for_other_keys_stands_for_the_new_ones(collection: Collection[Document]) -> None:
    for keys in ({"at": 1}, {"due_at": 1, "at": 1}):
        ensure_indexes(collection, [IndexModel(keys, name="oldest")])
    assert dict(collection.index_information()["oldest"]["key"]) == {"due_at": 1, "at": 1}


def test_an_index_that_is_made_anew_leaves_others_of_the_same_keys(collection: Collection[Document]) -> None:
    def wanted(state: str) -> list[IndexModel]:
        some = {"partialFilterExpression": {"failed": True}}
        return [
            IndexModel({"at": 1}, name="failed", **some),
            IndexModel({"at": 1}, name="state", partialFilterExpression={"state": state}),
        ]

    for state in ("due", "sent"):
        ensure_indexes(collection, wanted(state))
    information = collection.index_information()
    assert set(information) == {"_id_", "failed", "state"}
    assert information["state"]["partialFilterExpression"] == {"state": "sent"}


def test_what_the_database_refuses_for_another_reason_is_an_error(collection: Collection[Document]) -> None:
    with pytest.raises(OperationFailure):
        ensure_indexes(collection, [IndexModel({"at": "no-such-kind"})])


def test_the_time_of_day_is_the_databases_whatever_our_clock_is_set_to(
    collection: Collection[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, real = ServerClock(collection.database), time.time
    monkeypatch.setattr("kit.mongo.time.time", lambda: real() + 3600)
    assert abs(clock().timestamp() - real()) > 3000, "before the first answer there is only our own"
    clock.ask()
    assert abs(clock().timestamp() - real()) < 5
    assert clock().microsecond % 1000 == 0


def test_who_waits_for_the_time_of_day_gets_it_with_the_first_answer_or_is_told_to_stop(
    collection: Collection[Document],
) -> None:
    clock, stop = ServerClock(collection.database), threading.Event()
    part = threading.Thread(target=clock.run, args=(stop,))
    part.start()
    assert clock.wait(threading.Event())
    stop.set()
    part.join(10)
    assert not part.is_alive()
    assert not ServerClock(collection.database).wait(stop)
