"""What a group's lag is made from; that it is shown: `test_faust_worker.py`."""

from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from kit import lag
from kit.lag import behind

NEVER = -1001


class Broker:
    """What each partition's group has committed, its first offset and its end; None where it does not answer."""

    def __init__(self, *partitions: tuple[int, int, int] | None, away: bool = False) -> None:
        self._partitions, self._away = partitions, away

    def committed(self, partitions: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        if self._away:
            raise KafkaException(KafkaError(KafkaError._TRANSPORT))
        return [TopicPartition(p.topic, p.partition, (self._partitions[p.partition] or (0,))[0]) for p in partitions]

    def get_watermark_offsets(self, partition: TopicPartition, timeout: float) -> tuple[int, int] | None:
        found = self._partitions[partition.partition]
        return None if found is None else found[1:]


def test_what_is_not_committed_counts_over_all_assigned_partitions() -> None:
    assert behind(Broker((7, 0, 10), (2, 0, 2), (0, 0, 99)), "events", [0, 1]) == 3


def test_what_was_never_committed_counts_from_the_first_message_that_is_still_there() -> None:
    assert behind(Broker((NEVER, 40, 50)), "events", [0]) == 10
    assert behind(Broker((7, 40, 50)), "events", [0]) == 10


def test_a_log_that_was_cut_behind_the_reader_is_no_negative_lag() -> None:
    assert behind(Broker((7, 0, 5), (1, 0, 3)), "events", [0, 1]) == 2


def test_a_broker_that_does_not_answer_gives_no_figure() -> None:
    assert behind(Broker((7, 0, 10), None), "events", [0, 1]) is None
    assert behind(Broker(away=True), "events", [0]) is None


def test_who_got_no_answer_asks_with_another_client(monkeypatch: pytest.MonkeyPatch) -> None:
    class Connected(Broker):
        closed = False

        def close(self) -> None:
            self.closed = True

    clients = [Connected((7, 0, 10), away=True), Connected((7, 0, 10))]
    connected: list[Connected] = []

    def connect(*_: Any) -> Connected:
        connected.append(clients[len(connected)])
        return connected[-1]

    def end() -> None:
        raise StopIteration

    monkeypatch.setattr(lag, "client_of", connect)
    monkeypatch.setattr(lag, "EVERY_SECONDS", 0.01)
    with pytest.raises(StopIteration):
        lag.watch("unused:1", "reader", "events", lambda: [0], end)
    assert [client.closed for client in connected] == [True, False]
