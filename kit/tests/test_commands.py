"""The command line for dead letters, against a real broker where one is needed."""

import uuid
from collections.abc import Mapping

import pytest

from kit import __main__ as commands
from kit import dead_letter_box, topics
from kit.dead_letters import dead_record
from kit.messages import Message, Record
from kit.outcomes import DeadLetter
from kit.partitions import groupless_client, read_partition
from kit.producer import Producer

from .builders import Row


class Bench:
    """A topic with three dead letters of two keys, and the command line."""

    def __init__(self, bootstrap: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._bootstrap, self._capsys, self._monkeypatch = bootstrap, capsys, monkeypatch
        monkeypatch.setenv("KAFKA_BOOTSTRAP", bootstrap)
        self.row = Row(f"events-{uuid.uuid4().hex[:8]}", partitions=1)
        self.box = self.row.dead_letters("reader")
        topics.create(bootstrap, [self.row])
        self.put(*(self._letter(offset, key) for offset, key in enumerate([b"k", b"k", b"other"])))

    def _letter(self, offset: int, key: bytes) -> Record:
        return dead_record(Message(self.row.name, 0, offset, key, b"canary"), DeadLetter("Bad", "no"), self.box)

    def put(self, *records: Record) -> None:
        producer = Producer(self._bootstrap, client_id="bench")
        assert all(producer.publish_all(records))
        producer.close()

    def run(self, *arguments: str) -> tuple[int, list[str]]:
        """Exit code and lines of `dead-letters …`."""
        self._monkeypatch.setattr("sys.argv", ["kit", "dead-letters", *arguments])
        code = commands.main()
        said = self._capsys.readouterr()
        return code, (said.out + said.err).splitlines()

    def sent(self) -> list[Message]:
        """What lies in the parent topic."""
        client = groupless_client(self._bootstrap)
        try:
            return list(read_partition(client, self.row.name, 0))
        finally:
            client.close()


@pytest.fixture
def bench(servers: Mapping[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(servers["KAFKA_BOOTSTRAP"], capsys, monkeypatch)


@pytest.mark.integration
def test_what_is_given_up_is_named_and_nothing_else_is_sent(bench: Bench) -> None:
    code, said = bench.run("give-up", bench.box, "--position", f"{bench.row.name}/0/1")
    assert (code, said) == (0, [f"{bench.box}: 3 waiting, 1 chosen", f"  gave up {bench.row.name}/0/1 for reader"])
    (told,) = bench.sent()
    assert told.headers["replay-position"] == f"{bench.row.name}/0/1".encode()
    assert told.value is None


@pytest.mark.integration
def test_all_letters_of_a_key_are_given_up_together_and_a_dry_run_only_says_which(bench: Bench) -> None:
    code, said = bench.run("give-up", bench.box, "--key", "k", "--dry-run")
    assert (code, said[1:]) == (0, [f"  would give up {bench.row.name}/0/{offset} for reader" for offset in (0, 1)])
    assert bench.sent() == []
    code, said = bench.run("give-up", bench.box, "--key", "k")
    assert (code, said[1:]) == (0, [f"  gave up {bench.row.name}/0/{offset} for reader" for offset in (0, 1)])
    assert [told.key for told in bench.sent()] == [b"k", b"k"]


def test_nothing_is_given_up_unless_it_is_said_which(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.dead_letter_box.waiting_in", lambda *_: pytest.fail("asked the broker"))
    for more in ([], ["--dry-run"]):
        monkeypatch.setattr("sys.argv", ["kit", "dead-letters", "give-up", "events.reader.dead", *more])
        assert commands.main() == 2
        assert "--position or --key" in capsys.readouterr().err


@pytest.mark.integration
def test_what_is_replayed_is_counted_apart_from_what_waits(bench: Bench) -> None:
    def sent(offset: int) -> str:
        return f"  sent {bench.row.name}/0/{offset} back to {bench.row.name} for reader"

    code, said = bench.run("replay", bench.box, "--position", f"{bench.row.name}/0/2")
    assert (code, said) == (0, [f"{bench.box}: 3 waiting, 1 chosen", sent(2)])
    code, said = bench.run("replay", bench.box, "--all")
    assert (code, said) == (0, [f"{bench.box}: 3 waiting", *map(sent, range(3))])


@pytest.mark.integration
@pytest.mark.parametrize("command", ["show", "replay", "give-up"])
def test_a_choice_of_which_a_part_does_not_wait_is_refused_whole(bench: Bench, command: str) -> None:
    there, absent = f"{bench.row.name}/0/1", f"{bench.row.name}/0/77"
    code, said = bench.run(command, bench.box, "--position", there, "--position", absent)
    assert (code, said[1:]) == (1, [f"nothing waits there at {absent}; nothing was done"])
    code, said = bench.run(command, bench.box, "--key", "mistyped")
    assert (code, said[1:]) == (1, ["nothing waits there of the key mistyped; nothing was done"])
    code, said = bench.run(command, bench.box, "--position", there, "--key", "other")
    assert (code, said[1:]) == (1, [f"nothing waits there at {there} of the key other; nothing was done"])
    assert bench.sent() == []


@pytest.mark.parametrize("command", ["show", "replay", "give-up"])
@pytest.mark.parametrize("position", ["events", "events/0", "events/x/1"])
def test_what_is_no_position_is_refused_before_anything_is_asked(
    command: str, position: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.dead_letter_box.waiting_in", lambda *_: pytest.fail("asked the broker"))
    monkeypatch.setattr("sys.argv", ["kit", "dead-letters", command, "events.reader.dead", "--position", position])
    with pytest.raises(SystemExit) as ended:
        commands.main()
    assert ended.value.code == 2
    assert f"--position: not topic/partition/offset: {position}" in capsys.readouterr().err


@pytest.mark.parametrize("more", [[], ["--dry-run"], ["--all", "--key", "k"]])
def test_nothing_is_replayed_unless_it_is_said_which(
    more: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kit.dead_letter_box.waiting_in", lambda *_: pytest.fail("asked the broker"))
    monkeypatch.setattr("sys.argv", ["kit", "dead-letters", "replay", "events.reader.dead", *more])
    assert commands.main() == 2
    assert "--all" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["topics", "create", "contracts.registry:TOPICS"], ["dead-letters", "list"]])
def test_a_broker_that_is_away_is_told_in_one_sentence(
    arguments: list[str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "127.0.0.1:9")
    monkeypatch.setattr("sys.argv", ["kit", *arguments])
    for command in (topics.create, dead_letter_box.boxes):
        monkeypatch.setattr(command, "__defaults__", (1.0,))
    assert commands.main() == 1
    # Also what librdkafka writes past Python.
    assert capfd.readouterr() == ("", "Kafka at 127.0.0.1:9 does not answer (KAFKA_BOOTSTRAP)\n")
