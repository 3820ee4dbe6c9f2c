import threading
import uuid
from collections.abc import Mapping

import pytest

from kit import topics
from kit.compacted import CompactedView
from kit.messages import Record
from kit.partitions import BrokerAway
from kit.producer import Producer

from .builders import Row, until

pytestmark = pytest.mark.integration


def test_a_view_knows_the_newest_of_each_key_before_it_follows_later_changes_also_that_one_is_gone(
    servers: Mapping[str, str],
) -> None:
    bootstrap = servers["KAFKA_BOOTSTRAP"]
    row = Row(f"rules-{uuid.uuid4().hex[:8]}", partitions=1, compacted=True, retention=None, readers=())
    topics.create(bootstrap, [row])
    producer = Producer(bootstrap, client_id="test")
    told: list[tuple[bytes, bytes | None]] = []
    view = CompactedView(bootstrap, row.name, lambda key, value: told.append((key, value)))
    assert view.load() == 0
    producer.publish_all([Record(row.name, b"a", b"1"), Record(row.name, b"b", b"1"), Record(row.name, b"a", b"2")])
    view = CompactedView(bootstrap, row.name, lambda key, value: told.append((key, value)))
    assert view.load() == 2
    assert told == [(b"a", b"2"), (b"b", b"1")]
    stop = threading.Event()
    follower = threading.Thread(target=view.follow, args=(stop,), daemon=True)
    follower.start()
    producer.publish_all([Record(row.name, b"b", b"2")])
    until(lambda: told[-1] == (b"b", b"2"))
    producer.publish_all([Record(row.name, b"b", None)])
    until(lambda: told[-1] == (b"b", None))
    stop.set()
    follower.join(10)
    told.clear()
    CompactedView(bootstrap, row.name, lambda key, value: told.append((key, value))).load()
    assert told == [(b"a", b"2"), (b"b", None)]
    producer.close()


def test_a_topic_that_is_not_there_is_a_broker_that_is_not_ready(servers: Mapping[str, str]) -> None:
    view = CompactedView(servers["KAFKA_BOOTSTRAP"], "no-such-topic", lambda *_: None)
    with pytest.raises(BrokerAway):
        view.load(within=2)
