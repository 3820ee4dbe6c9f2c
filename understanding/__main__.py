"""`python -m understanding check` says what is wrong with the messages, and how many there are."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import packs
from packs import Pack
from understanding.likeness import near_copies
from understanding.messages import LARGEST_SCENARIO, Message, read
from understanding.parts import part_of

HOME = Path(__file__).parent
PACK = HOME.parent / "packs" / "lipovany"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0: fine; 1: something is wrong, told line by line."""
    parser = argparse.ArgumentParser(prog="python -m understanding", description=__doc__)
    parser.add_argument("command", choices=("check",))
    parser.add_argument("--home", type=Path, default=HOME, help="where `messages` and `blind` lie")
    home = parser.parse_args(arguments).home
    messages, faults = read(home / "messages")
    blind, blind_faults = read(home / "blind")
    wrong = [str(fault) for fault in (*faults, *blind_faults)]
    pack = packs.load(PACK)
    for group in (messages, blind):
        wrong += [*unknown(group, pack), *large_scenarios(group)]
    wrong += copies(blind, messages)
    for line in wrong:
        print(line, file=sys.stderr)
    for name, group in (("messages", messages), ("blind", blind)):
        print(f"{name}: {len(group)} in {len({one.scenario for one in group})} scenarios")
    parts = Counter(str(part_of(one.scenario)) for one in messages)
    print(", ".join(f"{part} {count}" for part, count in sorted(parts.items())))
    return 1 if wrong else 0


def unknown(messages: Sequence[Message], pack: Pack) -> Iterator[str]:
    """Categories and sorts of bodies that the pack does not have."""
    categories = {category.slug for category in pack.categories}
    bodies = {kind.slug for kind in pack.body_types}
    for message in messages:
        for category in (message.category, *(other.category for other in message.also)):
            if category not in categories:
                yield f"{message.file}:{message.line}: there is no category {category}"
        if message.body is not None and message.body not in bodies:
            yield f"{message.file}:{message.line}: there is no sort of body {message.body}"


def large_scenarios(messages: Sequence[Message]) -> Iterator[str]:
    """Scenarios with more messages than one event may have."""
    for scenario, count in Counter(message.scenario for message in messages).items():
        if count > LARGEST_SCENARIO:
            yield f"{scenario}: {count} messages, {LARGEST_SCENARIO} at most"


def copies(blind: Sequence[Message], messages: Sequence[Message]) -> Iterator[str]:
    """Messages of the blind test that are too like one that may be learnt from."""
    texts, among = ([f"{one.subject} {one.text}" for one in group] for group in (blind, messages))
    for number, other, alike in near_copies(texts, among):
        one, known = blind[number], messages[other]
        yield f"{one.file}:{one.line}: {alike:.2f} like {known.file}:{known.line}"


if __name__ == "__main__":
    raise SystemExit(main())
