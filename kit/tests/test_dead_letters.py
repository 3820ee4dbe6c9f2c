from kit.dead_letters import (
    FOLLOWS,
    Waiting,
    dead_record,
    give_up_record,
    is_given_up,
    is_replay_for_another,
    outstanding,
    replay_record,
    resolved_record,
    summary,
)
from kit.messages import Message, Record
from kit.outcomes import DeadLetter

UNREADABLE = DeadLetter("UnreadableEvent", "not JSON")


def message(offset: int, key: bytes | None = b"case", partition: int = 3) -> Message:
    return Message("events", partition, offset, key, b"\xff canary", {"traceparent": b"00-x"})


def stored(record: Record, offset: int) -> Message:
    assert record.partition is not None
    return Message(record.topic, record.partition, offset, record.key, record.value, record.headers)


def replayed(letter: Message, offset: int, reader: str = "reader") -> Message:
    return stored(replay_record(letter, reader), offset)


def test_a_dead_letter_keeps_key_value_headers_and_partition_untouched() -> None:
    record = dead_record(message(7), UNREADABLE, "events.reader.dead")
    assert (record.key, record.value, record.partition) == (b"case", b"\xff canary", 3)
    assert record.headers["traceparent"] == b"00-x"
    assert record.headers["dead-letter-position"] == b"events/3/7"
    assert record.headers["dead-letter-reason"] == b"not JSON"


def test_later_messages_of_a_key_follow_and_other_keys_pass() -> None:
    waiting = Waiting()
    waiting.load(3, [])
    waiting.add(message(7))
    assert waiting.blocks(message(8))
    assert not waiting.blocks(message(8, key=b"other"))
    assert not waiting.blocks(message(8, key=None))


def test_a_message_read_again_after_its_dead_letter_was_written_is_known() -> None:
    waiting = Waiting()
    waiting.load(3, [stored(dead_record(message(7), UNREADABLE, "d"), 0)])
    assert waiting.holds(message(7))
    assert not waiting.holds(message(8))


def test_a_replay_passes_in_order_and_frees_its_key() -> None:
    first = stored(dead_record(message(7), UNREADABLE, "d"), 0)
    second = stored(dead_record(message(8), FOLLOWS, "d"), 1)
    waiting = Waiting()
    waiting.load(3, [first, second])
    assert waiting.blocks(replayed(second, 20)), "the first one still waits"
    assert not waiting.blocks(replayed(first, 21))
    assert waiting.resolve(replayed(first, 21))
    assert not waiting.blocks(replayed(second, 22))
    assert waiting.resolve(replayed(second, 22))
    assert not waiting.blocks(message(30))
    assert waiting.count() == 0


def test_a_replay_that_was_resolved_before_is_no_trouble() -> None:
    waiting = Waiting()
    letter = stored(dead_record(message(7), UNREADABLE, "d"), 0)
    waiting.load(3, [letter, stored(resolved_record(replayed(letter, 21), "d"), 1)])
    assert not waiting.resolve(replayed(letter, 22))


def test_what_is_outstanding_is_the_fold_of_the_log() -> None:
    first = stored(dead_record(message(7), UNREADABLE, "d"), 0)
    second = stored(dead_record(message(5), UNREADABLE, "d"), 1)
    resolved = stored(resolved_record(replayed(first, 21), "d"), 2)
    assert outstanding([first, second]) == [second, first]
    assert outstanding([first, second, resolved]) == [second]


def test_a_replay_that_fails_again_keeps_its_first_position_and_time() -> None:
    letter = stored(dead_record(message(7), UNREADABLE, "d"), 0)
    again = dead_record(replayed(letter, 21), DeadLetter("Other", "still"), "d")
    assert again.headers["dead-letter-position"] == b"events/3/7"
    assert again.headers["dead-letter-first-seen"] == letter.headers["dead-letter-first-seen"]
    assert again.headers["dead-letter-reason"] == b"still"


def test_a_replay_is_for_the_reader_that_failed_alone() -> None:
    letter = stored(dead_record(message(7), UNREADABLE, "d"), 0)
    assert is_replay_for_another(replayed(letter, 21, "notifier"), "router")
    assert not is_replay_for_another(replayed(letter, 21, "router"), "router")
    assert not is_replay_for_another(message(7), "router")


def test_what_is_given_up_tells_its_reader_alone_and_carries_no_content() -> None:
    letter = stored(dead_record(message(7), UNREADABLE, "d"), 0)
    told = give_up_record(letter, "reader")
    assert (told.topic, told.partition, told.key, told.value) == ("events", 3, b"case", None)
    assert "traceparent" not in told.headers
    assert is_given_up(stored(told, 21))
    assert is_replay_for_another(stored(told, 21), "another")
    assert not is_given_up(replayed(letter, 21))


def test_a_message_that_is_no_replay_is_never_given_up() -> None:
    assert not is_given_up(Message("events", 3, 7, b"case", b"news", {"replay-give-up": b"yes"}))


def test_what_is_given_up_waits_no_longer_and_the_log_tells_it_from_what_was_handled() -> None:
    letter = stored(dead_record(message(7), UNREADABLE, "d"), 0)
    given_up = stored(give_up_record(letter, "reader"), 21)
    waiting = Waiting()
    waiting.load(3, [letter])
    assert waiting.resolve(given_up)
    assert not waiting.blocks(message(30))
    resolved = stored(resolved_record(given_up, "d"), 1)
    assert outstanding([letter, resolved]) == []
    assert resolved.headers["replay-give-up"] == b"yes"
    assert "replay-give-up" not in resolved_record(replayed(letter, 21), "d").headers


def test_the_summary_shows_no_content() -> None:
    letter = stored(dead_record(message(7), UNREADABLE, "d"), 0)
    assert "canary" not in str(summary(letter))
