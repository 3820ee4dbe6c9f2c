"""Dead letters: what a reader could not read or handle, untouched, with the reason, in `<topic>.<reader>.dead`.

The topic has the same partitions as its parent and a dead letter lies in the parent's partition, so a reader that is assigned
a partition finds in one place what waits there. The topic is a log of two kinds of records: `dead` (the untouched bytes) and
`resolved` (a replay was handled, or it was given up). What is outstanding is the fold of both; nothing else has to be kept in step.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kit.messages import Message, Record
from kit.outcomes import DeadLetter

KIND = "dead-letter-kind"
POSITION = "dead-letter-position"
ERROR = "dead-letter-error"
REASON = "dead-letter-reason"
FIRST_SEEN = "dead-letter-first-seen"
REPLAY_READER = "replay-reader"
REPLAY_POSITION = "replay-position"
GIVE_UP = "replay-give-up"

_OWN = frozenset({KIND, POSITION, ERROR, REASON, FIRST_SEEN, REPLAY_READER, REPLAY_POSITION, GIVE_UP})
FOLLOWS = DeadLetter("Follows", "an earlier message of the same key waits in the dead letters")


@dataclass(frozen=True)
class Position:
    """Where a message stood in its topic before anything happened to it."""

    topic: str
    partition: int
    offset: int

    @classmethod
    def parse(cls, text: str) -> "Position":
        """From `topic/partition/offset`; raises ValueError."""
        topic, partition, offset = text.rsplit("/", 2)
        return cls(topic, int(partition), int(offset))

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


def position_of(message: Message) -> Position:
    """The message's first position: its own, or the one that a replay carries."""
    replayed = message.headers.get(REPLAY_POSITION)
    if replayed is not None:
        return Position.parse(replayed.decode())
    return Position(message.topic, message.partition, message.offset)


def is_replay_for_another(message: Message, reader: str) -> bool:
    """A replay goes over the parent topic; only the reader that failed takes it."""
    replay_reader = message.headers.get(REPLAY_READER)
    return replay_reader is not None and replay_reader != reader.encode()


def is_given_up(message: Message) -> bool:
    """Whether it tells the reader that a dead letter will never be read: no handler may see it, and it ends the waiting."""
    return GIVE_UP in message.headers and REPLAY_POSITION in message.headers


def dead_record(message: Message, dead: DeadLetter, topic: str) -> Record:
    """The dead letter of a message: key, value and headers as they were, and why."""
    kept = {name: value for name, value in message.headers.items() if name not in _OWN}
    first_seen = message.headers.get(FIRST_SEEN) or str(int(time.time() * 1000)).encode()
    position = position_of(message)
    about = {
        KIND: b"dead",
        POSITION: str(position).encode(),
        ERROR: dead.error.encode(),
        REASON: dead.reason[:1000].encode(),
        FIRST_SEEN: first_seen,
    }
    return Record(topic, message.key, message.value, {**kept, **about}, partition=position.partition)


def resolved_record(message: Message, topic: str) -> Record:
    """Says that the replay of a dead letter was handled, or that it was given up."""
    position = position_of(message)
    given_up = {GIVE_UP: message.headers[GIVE_UP]} if is_given_up(message) else {}
    headers = {KIND: b"resolved", POSITION: str(position).encode(), **given_up}
    return Record(topic, message.key, None, headers, partition=position.partition)


def replay_record(dead: Message, reader: str) -> Record:
    """A dead letter on its way back into its topic, for `reader` alone."""
    kept = {name: value for name, value in dead.headers.items() if name not in _OWN}
    position = Position.parse(dead.headers[POSITION].decode())
    about = {
        REPLAY_READER: reader.encode(),
        REPLAY_POSITION: str(position).encode(),
        FIRST_SEEN: dead.headers[FIRST_SEEN],
    }
    return Record(position.topic, dead.key, dead.value, {**kept, **about}, partition=position.partition)


def give_up_record(dead: Message, reader: str) -> Record:
    """Tells `reader` to give a dead letter up. It has no value, so that nothing personal is kept once more."""
    position = Position.parse(dead.headers[POSITION].decode())
    headers = {REPLAY_READER: reader.encode(), REPLAY_POSITION: str(position).encode(), GIVE_UP: b"yes"}
    return Record(position.topic, dead.key, None, headers, partition=position.partition)


def outstanding(records: Iterable[Message]) -> list[Message]:
    """Of a dead-letter topic's records those that wait for replay, the latest of each position, in the order of positions."""
    waiting: dict[Position, Message] = {}
    for record in records:
        position = Position.parse(record.headers[POSITION].decode())
        if record.headers[KIND] == b"resolved":
            waiting.pop(position, None)
        else:
            waiting[position] = record
    return [waiting[position] for position in sorted(waiting, key=lambda p: (p.partition, p.offset))]


@dataclass
class Waiting:
    """What of one topic's assigned partitions waits in a reader's dead letters."""

    _by_partition: dict[int, dict[bytes | None, set[Position]]] = field(default_factory=dict)

    def load(self, partition: int, records: Iterable[Message]) -> None:
        """Sets one partition from the records of the dead-letter topic's partition of the same number."""
        keys: dict[bytes | None, set[Position]] = {}
        for record in outstanding(records):
            keys.setdefault(record.key, set()).add(Position.parse(record.headers[POSITION].decode()))
        self._by_partition[partition] = keys

    def drop(self, partition: int) -> None:
        """Forgets a partition that was revoked."""
        self._by_partition.pop(partition, None)

    def holds(self, message: Message) -> bool:
        """Whether this very message is there already: read again after a crash between dead letter and offset."""
        return REPLAY_POSITION not in message.headers and position_of(message) in self._of(message)

    def blocks(self, message: Message) -> bool:
        """Whether an earlier message of the same key waits, so that this one must follow (P5)."""
        if message.key is None:
            return False
        position = position_of(message)
        return any(other.offset < position.offset for other in self._of(message))

    def add(self, message: Message) -> None:
        """A dead letter was written."""
        keys = self._by_partition.setdefault(message.partition, {})
        keys.setdefault(message.key, set()).add(position_of(message))

    def resolve(self, message: Message) -> bool:
        """A replay was handled, or it was given up; false where it had been resolved before."""
        waiting = self._of(message)
        position = position_of(message)
        if position not in waiting:
            return False
        waiting.remove(position)
        return True

    def count(self) -> int:
        """How many wait in all assigned partitions."""
        return sum(len(positions) for keys in self._by_partition.values() for positions in keys.values())

    def _of(self, message: Message) -> set[Position]:
        return self._by_partition.get(message.partition, {}).get(message.key, set())


def summary(record: Message) -> Mapping[str, str]:
    """What may be shown of a dead letter: where it stood, since when, why. Never its content."""
    return {
        "position": record.headers[POSITION].decode(),
        "first_seen": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(record.headers[FIRST_SEEN]) / 1000)),
        "error": record.headers[ERROR].decode(),
        "reason": record.headers[REASON].decode(),
        "bytes": str(len(record.value or b"")),
    }
