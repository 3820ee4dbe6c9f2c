"""What an operator does by hand: `python -m kit topics create …`, `python -m kit dead-letters list|show|replay|give-up`."""

import argparse
import importlib
import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaException

from kit import dead_letter_box, topics
from kit.dead_letter_box import Box
from kit.dead_letters import POSITION, Position, summary
from kit.messages import Message
from kit.partitions import BrokerAway
from kit.producer import Producer
from kit.settings import KafkaSettings, argument_parser


def _parser() -> argparse.ArgumentParser:
    parser = argument_parser("kit", __doc__ or "", KafkaSettings)
    parts = parser.add_subparsers(dest="part", required=True)
    made = parts.add_parser("topics", help="make the topics of a registry")
    made.add_argument("command", choices=["create"])
    made.add_argument("registry", help="where the table of topics is, as MODULE:NAME")
    made.add_argument(
        "--replicas", type=int, help="copies of each record; default: 3 where three brokers answer, else 1"
    )
    made.add_argument("--in-sync", type=int, help="copies that confirm a record; default: all but one")
    letters = parts.add_parser("dead-letters", help="see, replay or give up what readers could not handle")
    letters.add_argument("command", choices=["list", "show", "replay", "give-up"])
    letters.add_argument("box", nargs="?", help="<topic>.<reader>.dead; list shows all without it")
    letters.add_argument(
        "--position", action="append", default=[], type=_position, help="only this message (topic/partition/offset)"
    )
    letters.add_argument("--key", help="only messages of this key")
    letters.add_argument("--all", action="store_true", help="replay: all that wait there")
    letters.add_argument("--content", action="store_true", help="show: print the value too; it may be personal")
    letters.add_argument("--dry-run", action="store_true", help="replay, give-up: say what would be sent")
    return parser


def _position(text: str) -> str:
    try:
        return str(Position.parse(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"not topic/partition/offset: {text}") from None


def _create_topics(registry: str, replicas: int | None, in_sync: int | None) -> int:
    module, _, name = registry.partition(":")
    rows = getattr(importlib.import_module(module), name)
    if replicas is None and in_sync is not None:
        print("topics: --in-sync needs --replicas", file=sys.stderr)
        return 2
    try:
        copies = None if replicas is None else topics.Copies(replicas, in_sync or max(1, replicas - 1))
        made = topics.create(KafkaSettings().kafka_bootstrap, rows, copies)
    except topics.TopicsDiffer as error:
        print(f"topics: {error}", file=sys.stderr)
        return 1
    print(f"topics: {len(made)} made")
    return 0


def _missing_choice(arguments: argparse.Namespace) -> str | None:
    """What the command line does not say and must."""
    if arguments.command != "list" and arguments.box is None:
        return "name the dead-letter topic; `list` shows them"
    chosen = bool(arguments.position) or arguments.key is not None
    if arguments.command == "give-up" and not chosen:
        return "give-up: say which, by --position or --key"
    if arguments.command == "replay" and chosen == arguments.all:
        return "replay: say which, by --position or --key, or --all"
    return None


def _chosen(letters: list[Message], arguments: argparse.Namespace) -> list[Message]:
    positions = {position.encode() for position in arguments.position}
    return [
        letter
        for letter in letters
        if (not positions or letter.headers[POSITION] in positions)
        and (arguments.key is None or letter.key == arguments.key.encode())
    ]


def _unknown(letters: list[Message], arguments: argparse.Namespace) -> str | None:
    """What of the choice does not wait in the box that was named: it may be mistyped, or handled already."""
    found = {letter.headers[POSITION].decode() for letter in letters}
    absent = [position for position in arguments.position if position not in found]
    of_key = "" if arguments.key is None else f" of the key {arguments.key}"
    if arguments.box and absent:
        return f"nothing waits there at {', '.join(absent)}{of_key}; nothing was done"
    if arguments.box and of_key and not letters:
        return f"nothing waits there{of_key}; nothing was done"
    return None


def _dead_letters(arguments: argparse.Namespace) -> int:
    bootstrap = KafkaSettings().kafka_bootstrap
    if missing := _missing_choice(arguments):
        print(missing, file=sys.stderr)
        return 2
    boxes = [Box.parse(arguments.box)] if arguments.box else dead_letter_box.boxes(bootstrap)
    for box in boxes:
        waiting = dead_letter_box.waiting_in(bootstrap, box)
        letters = _chosen(waiting, arguments)
        chooses = bool(arguments.position) or arguments.key is not None
        print(f"{box.name}: {len(waiting)} waiting{f', {len(letters)} chosen' if chooses else ''}")
        if unknown := _unknown(letters, arguments):
            print(unknown, file=sys.stderr)
            return 1
        if way := _WAYS.get(arguments.command):
            return _settle(bootstrap, box, letters, way, dry_run=arguments.dry_run)
        for letter in letters if arguments.box else ():
            _show(letter, whole=arguments.command == "show", content=arguments.content)
    return 0


def _show(letter: Message, *, whole: bool, content: bool) -> None:
    about = summary(letter)
    print(
        f"  {about['position']}  {about['first_seen']}  {about['error']}: {about['reason']}  ({about['bytes']} bytes)"
    )
    if whole:
        print(f"    key {letter.key.decode(errors='replace') if letter.key else '-'}")
    if whole and content:
        print(f"    {(letter.value or b'').decode(errors='replace')}")


@dataclass(frozen=True)
class _Way:
    """How letters leave a box; `would` and `did` are said of each."""

    settle: Callable[[Producer, Box, Sequence[Message]], int]
    would: str
    did: str
    ends: str


_WAYS = {
    "replay": _Way(dead_letter_box.replay, "would send", "sent", "back to {topic} for {reader}"),
    "give-up": _Way(dead_letter_box.give_up, "would give up", "gave up", "for {reader}"),
}


def _settle(bootstrap: str, box: Box, letters: list[Message], way: _Way, *, dry_run: bool) -> int:
    sent = len(letters)
    if not dry_run:
        producer = Producer(bootstrap, client_id="dead-letters")
        try:
            sent = way.settle(producer, box, letters)
        finally:
            producer.close()
    for letter in letters[:sent]:
        ends = way.ends.format(topic=box.topic, reader=box.reader)
        print(f"  {way.would if dry_run else way.did} {letter.headers[POSITION].decode()} {ends}")
    if sent < len(letters):
        print(f"{len(letters) - sent} of {len(letters)} were not confirmed: try again", file=sys.stderr)
    return 0 if sent == len(letters) else 1


def main() -> int:
    """The command line; returns the exit code."""
    arguments = _parser().parse_args()
    # What happens to the connection is told in one sentence at the end.
    logging.getLogger("kit").addHandler(logging.NullHandler())
    try:
        if arguments.part == "topics":
            return _create_topics(arguments.registry, arguments.replicas, arguments.in_sync)
        return _dead_letters(arguments)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    except (BrokerAway, KafkaException):
        print(f"Kafka at {KafkaSettings().kafka_bootstrap} does not answer (KAFKA_BOOTSTRAP)", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
