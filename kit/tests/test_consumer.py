"""The loop against a real broker. (P2, P4)"""

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import pytest
from confluent_kafka import TopicPartition

from kit import dead_letter_box, topics
from kit.consumer import Consumer, Handler, ReaderFenced, Subscription
from kit.dead_letter_box import Box
from kit.messages import Message, Pace, Record, waves
from kit.outcomes import DONE, DeadLetter, DependencyAway, Outcome
from kit.producer import Producer

from .builders import Row, until

pytestmark = pytest.mark.integration


class Bench:
    """A topic of its own, a producer, and readers that can be started and stopped."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self.row = Row(f"events-{uuid.uuid4().hex[:8]}")
        topics.create(bootstrap, [self.row])
        self.producer = Producer(bootstrap, client_id="bench")

    def send(self, *pairs: tuple[str, str]) -> None:
        records = [Record(self.row.name, key.encode(), value.encode()) for key, value in pairs]
        assert all(self.producer.publish_all(records))

    def consumer(self, handler: Handler, *, ordered: bool = True, limit: int = 50, instance: str = "1") -> Consumer:
        return Consumer(
            self.bootstrap,
            reader="reader",
            instance=instance,
            subscription=Subscription(self.row.name, self.row.dead_letters("reader"), ordered),
            handler=handler,
            producer=self.producer,
            dead_letters_in_a_row=limit,
        )

    @contextmanager
    def reader(
        self, handler: Handler, *, ordered: bool = True, limit: int = 50, instance: str = "1"
    ) -> Iterator[Consumer]:
        consumer = self.consumer(handler, ordered=ordered, limit=limit, instance=instance)
        stop = threading.Event()
        thread = threading.Thread(target=consumer.run, args=(stop,), daemon=True)
        thread.start()
        try:
            yield consumer
        finally:
            stop.set()
            thread.join(timeout=20)
            assert not thread.is_alive()

    def waiting(self) -> list[Message]:
        return dead_letter_box.waiting_in(self.bootstrap, Box(self.row.name, "reader"))


@pytest.fixture
def bench(servers: Mapping[str, str]) -> Iterator[Bench]:
    bench = Bench(servers["KAFKA_BOOTSTRAP"])
    yield bench
    bench.producer.close()


class Recorder:
    """A handler that notes what it got and answers by value."""

    def __init__(self, answers: Callable[[str], Outcome] = lambda _: DONE) -> None:
        self.seen: list[str] = []
        self.answers = answers

    def __call__(self, messages: Sequence[Message]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for message in messages:
            value = (message.value or b"").decode()
            outcome = self.answers(value)
            outcomes.append(outcome)
            if outcome is DONE:
                self.seen.append(value)
        return outcomes


def test_the_more_come_the_longer_it_pays_to_gather() -> None:
    pace = Pace()
    calm = pace.gather_seconds

    def second(number: int, messages: int) -> float:
        for hundredth in range(100):
            pace.add(messages // 100 + (hundredth < messages % 100), number + hundredth / 100)
        return pace.gather_seconds

    assert [second(number, 4) for number in range(1, 5)] == [calm] * 4, "one report a second waits for nobody"
    assert second(6, 40) == calm, "it is judged when the second is over"
    assert second(7, 400) > calm
    busy = pace.gather_seconds
    assert second(8, 4) > busy
    pace.add(1, 60.0)
    assert pace.gather_seconds == calm, "after a pause nobody waits"


def test_a_reader_whose_name_another_process_took_ends_instead_of_reading_nothing_for_ever(bench: Bench) -> None:
    ended: list[ReaderFenced] = []

    def run(consumer: Consumer) -> None:
        try:
            consumer.run(threading.Event())
        except ReaderFenced as error:
            ended.append(error)

    first = bench.consumer(Recorder())
    thread = threading.Thread(target=run, args=(first,), daemon=True)
    thread.start()
    until(lambda: first.check() is None, seconds=60)
    seen = Recorder()
    with bench.reader(seen):
        until(lambda: not thread.is_alive(), seconds=60)
        bench.send(("k", "v"))
        until(lambda: seen.seen == ["v"], seconds=60)
    assert len(ended) == 1


def test_a_handler_that_hangs_is_not_ready(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()

    def hang(messages: Sequence[Message]) -> list[Outcome]:
        go_on.wait(60)
        return [DONE] * len(messages)

    monkeypatch.setattr("kit.consumer.NO_PROGRESS_SECONDS", 0.2)
    with bench.reader(hang) as consumer:
        bench.send(("k", "v"))
        until(lambda: consumer.check() == "no-progress", seconds=60)
        go_on.set()
        until(lambda: consumer.check() is None)


def test_what_is_done_is_not_given_again_after_an_orderly_restart(bench: Bench) -> None:
    first, second = Recorder(), Recorder()
    bench.send(*((f"k{n}", f"v{n}") for n in range(50)))
    with bench.reader(first):
        until(lambda: len(first.seen) == 50)
    bench.send(("k0", "later"))
    with bench.reader(second):
        until(lambda: "later" in second.seen)
    assert second.seen == ["later"]


def test_a_dependency_that_is_away_is_waited_out_and_nothing_is_skipped(bench: Bench) -> None:
    tries: list[str] = []

    def answer(value: str) -> Outcome:
        tries.append(value)
        return DependencyAway("database") if len(tries) < 4 else DONE

    recorder = Recorder(answer)
    bench.send(("k", "a"), ("k", "b"), ("other", "c"))
    with bench.reader(recorder) as consumer:
        until(lambda: sorted(recorder.seen) == ["a", "b", "c"])
        until(lambda: consumer.check() is None)
    assert recorder.seen.index("a") < recorder.seen.index("b")
    assert bench.waiting() == []


def test_a_reader_that_waits_says_so(bench: Bench) -> None:
    bench.send(("k", "a"))
    with bench.reader(Recorder(lambda _: DependencyAway("database"))) as consumer:
        until(lambda: consumer.check() == "database")
        assert consumer.stuck() is None


def test_a_bad_message_goes_to_the_dead_letters_and_its_key_follows(bench: Bench) -> None:
    recorder = Recorder(lambda value: DeadLetter("Bad", "cannot be read") if value == "bad" else DONE)
    bench.send(("k", "a"), ("k", "bad"), ("k", "b"), ("other", "c"), ("k", "d"))
    with bench.reader(recorder):
        until(lambda: len(bench.waiting()) == 3)
        until(lambda: sorted(recorder.seen) == ["a", "c"])
    assert [letter.value for letter in bench.waiting()] == [b"bad", b"b", b"d"]


def test_what_follows_is_remembered_over_a_restart_and_replay_restores_the_order(bench: Bench) -> None:
    broken = Recorder(lambda value: DeadLetter("Bad", "cannot be read") if value == "bad" else DONE)
    bench.send(("k", "bad"), ("k", "b"))
    with bench.reader(broken):
        until(lambda: len(bench.waiting()) == 2)
    repaired = Recorder()
    with bench.reader(repaired):
        bench.send(("k", "c"), ("other", "x"))
        until(lambda: len(bench.waiting()) == 3 and repaired.seen == ["x"])
        box = Box(bench.row.name, "reader")
        assert dead_letter_box.replay(bench.producer, box, bench.waiting()) == 3
        until(lambda: repaired.seen == ["x", "bad", "b", "c"])
        until(lambda: bench.waiting() == [])
        bench.send(("k", "d"))
        until(lambda: repaired.seen[-1] == "d")


def test_a_running_reader_stops_holding_a_key_when_its_letter_is_given_up_and_hands_it_to_nobody(bench: Bench) -> None:
    def answer(value: str) -> Outcome:
        return DONE if value in ("b", "c") else DeadLetter("Bad", "cannot be read")

    recorder = Recorder(answer)
    box = Box(bench.row.name, "reader")
    bench.send(("k", "bad"), ("k", "b"))
    with bench.reader(recorder):
        until(lambda: len(bench.waiting()) == 2)
        bad, follower = bench.waiting()
        assert dead_letter_box.give_up(bench.producer, box, [bad]) == 1
        until(lambda: bench.waiting() == [follower])
        assert dead_letter_box.replay(bench.producer, box, [follower]) == 1
        until(lambda: recorder.seen == ["b"])
        bench.send(("k", "c"))
        until(lambda: recorder.seen == ["b", "c"])
    assert bench.waiting() == []


def test_a_letter_can_be_given_up_that_follows_another_which_still_waits(bench: Bench) -> None:
    recorder = Recorder(lambda value: DeadLetter("Bad", "cannot be read"))
    bench.send(("k", "bad"), ("k", "b"))
    with bench.reader(recorder):
        until(lambda: len(bench.waiting()) == 2)
        bad, follower = bench.waiting()
        assert dead_letter_box.give_up(bench.producer, Box(bench.row.name, "reader"), [follower]) == 1
        until(lambda: bench.waiting() == [bad])


def test_other_readers_do_not_take_a_replay_that_is_not_theirs(bench: Bench) -> None:
    recorder = Recorder()
    letter_headers = {"replay-reader": b"another", "replay-position": f"{bench.row.name}/0/0".encode()}
    assert all(bench.producer.publish_all([Record(bench.row.name, b"k", b"not-mine", letter_headers, partition=0)]))
    bench.send(("k", "mine"))
    with bench.reader(recorder):
        until(lambda: recorder.seen == ["mine"])


def test_too_many_dead_letters_in_a_row_pause_the_reader_until_it_is_resumed(bench: Bench) -> None:
    recorder = Recorder(lambda value: DeadLetter("Bad", "cannot be read") if value.startswith("bad") else DONE)
    bench.send(*((f"k{n}", f"bad{n}") for n in range(5)))
    with bench.reader(recorder, limit=5) as consumer:
        until(lambda: consumer.check() == "too-many-dead-letters")
        assert consumer.stuck() is None
        bench.send(("fine", "a"))
        consumer.resume()
        until(lambda: recorder.seen == ["a"])
        until(lambda: consumer.check() is None)


def test_on_an_unordered_topic_a_key_goes_on_after_a_dead_letter(bench: Bench) -> None:
    recorder = Recorder(lambda value: DeadLetter("Bad", "cannot be read") if value == "bad" else DONE)
    bench.send(("k", "bad"), ("k", "b"))
    with bench.reader(recorder, ordered=False):
        until(lambda: recorder.seen == ["b"])


def test_an_error_of_the_handler_ends_the_loop_and_the_batch_comes_again(bench: Bench) -> None:
    def explode(_: Sequence[Message]) -> list[Outcome]:
        raise RuntimeError

    bench.send(("k", "a"))
    consumer = Consumer(
        bench.bootstrap,
        reader="reader",
        instance="1",
        subscription=Subscription(bench.row.name, bench.row.dead_letters("reader"), ordered=True),
        handler=explode,
        producer=bench.producer,
    )
    with pytest.raises(RuntimeError):
        consumer.run(threading.Event())
    recorder = Recorder()
    with bench.reader(recorder):
        until(lambda: recorder.seen == ["a"])


def test_no_wave_holds_a_key_twice_and_each_key_keeps_its_order() -> None:
    batch = [
        Message("t", 0, n, key, str(n).encode()) for n, key in enumerate([b"a", b"a", b"b", None, None, b"a", b"b"])
    ]
    cut = waves(batch)
    assert [[m.offset for m in wave] for wave in cut] == [[0, 2, 3, 4], [1, 6], [5]]


def test_what_left_while_a_reader_waited_is_read_when_it_comes_back(bench: Bench) -> None:
    away = threading.Event()
    away.set()
    first = Recorder(lambda _: DependencyAway("database") if away.is_set() else DONE)
    second = Recorder()
    with bench.reader(first) as waiting:
        bench.send(*((f"key-{number}", f"before-{number}") for number in range(12)))
        until(lambda: waiting.check() == "database")
        with bench.reader(second, instance="2") as other:
            until(lambda: other.check() is None, 40)
            away.clear()
            until(lambda: len({*first.seen, *second.seen}) == 12)
        # The second one has left for good: its session ends, and all is the first one's again.
        until(lambda: len(waiting._assigned) == 3, 40)
        bench.send(*((f"key-{number}", f"after-{number}") for number in range(12)))
        until(lambda: sum(value.startswith("after") for value in first.seen) == 12)


def test_a_batch_does_not_confirm_what_left_and_came_back_while_it_waited(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: list[tuple[int, int]] = []

    class Client:
        def store_offsets(self, offsets: list[TopicPartition]) -> None:
            stored.extend((place.partition, place.offset) for place in offsets)

        def resume(self, partitions: list[TopicPartition]) -> None:
            """All that is paused."""

    waits: list[str] = []
    consumer = bench.consumer(Recorder(lambda _: DONE if len(waits) == 2 else DependencyAway("database")))

    def leave_then_come_back(*_: object) -> bool:
        if waits:
            consumer._assigned.add(1)
        else:
            consumer._revoke(Client(), [TopicPartition(bench.row.name, 1)])  # type: ignore[arg-type]
        waits.append("over")
        return True

    monkeypatch.setattr(consumer, "_client", Client())
    monkeypatch.setattr(consumer, "_wait", leave_then_come_back)
    consumer._assigned.update({0, 1})
    batch = [Message(bench.row.name, partition, 7, b"key-%d" % partition, b"value", {}, 0.0) for partition in (0, 1)]
    consumer._work_off(batch, threading.Event())
    assert stored == [(0, 8)]
