"""Dead letters as an operator meets them: list, show, replay, give up. Works on any topic named `<topic>.<reader>.dead`."""

from collections.abc import Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from kit.dead_letters import give_up_record, outstanding, replay_record
from kit.messages import Message, Record
from kit.partitions import BrokerAway, groupless_client, latest, partitions_of, read_partition
from kit.producer import ONLY_ERROR_CB, Producer

SUFFIX = ".dead"


@dataclass(frozen=True)
class Box:
    """One reader's dead letters of one topic."""

    topic: str
    reader: str

    @property
    def name(self) -> str:
        """The topic in which they lie."""
        return f"{self.topic}.{self.reader}{SUFFIX}"

    @classmethod
    def parse(cls, name: str) -> "Box":
        """From `<topic>.<reader>.dead`; raises ValueError."""
        topic, _, reader = name.removesuffix(SUFFIX).partition(".")
        if not name.endswith(SUFFIX) or not reader:
            raise ValueError(f"not a dead-letter topic: {name}")
        return cls(topic, reader)


def boxes(bootstrap: str, within: float = 10.0) -> list[Box]:
    """All there are, by name. Raises KafkaException."""
    names = AdminClient({"bootstrap.servers": bootstrap, "log_level": ONLY_ERROR_CB}).list_topics(timeout=within).topics
    return [Box.parse(name) for name in sorted(names) if name.endswith(SUFFIX)]


def waiting_in(bootstrap: str, box: Box) -> list[Message]:
    """What waits for replay, in the order of positions. Raises BrokerAway."""
    client = groupless_client(bootstrap)
    try:
        records: list[Message] = []
        for partition in partitions_of(client, box.name):
            records.extend(read_partition(client, box.name, partition))
        return outstanding(records)
    finally:
        client.close()


def counts(bootstrap: str) -> dict[str, int]:
    """How many wait in each box that was ever used, by its name. Raises BrokerAway."""
    try:
        found = {box.name: box for box in boxes(bootstrap)}
    except KafkaException:
        raise BrokerAway from None
    used = sorted({topic for (topic, _), end in latest(bootstrap, list(found)).items() if end > 0})
    return {name: len(waiting_in(bootstrap, found[name])) for name in used}


def replay(producer: Producer, box: Box, letters: Sequence[Message]) -> int:
    """Sends letters back into their topic for their reader, in order; returns how many the broker took.

    Stops at the first that is not confirmed: order per key would be lost otherwise. Replaying twice does no harm.
    """
    return _send(producer, [replay_record(letter, box.reader) for letter in letters])


def give_up(producer: Producer, box: Box, letters: Sequence[Message]) -> int:
    """Tells the reader that nobody will ever read these letters; returns how many the broker took, the first ones.

    It goes through the parent topic as a replay does, because a running reader reads nothing else, and the reader itself
    writes that the letter is resolved: so what waits and what it holds back cannot disagree.
    """
    return _send(producer, [give_up_record(letter, box.reader) for letter in letters])


def _send(producer: Producer, records: Sequence[Record]) -> int:
    for count, record in enumerate(records):
        if not all(producer.publish_all([record])):
            return count
    return len(records)
