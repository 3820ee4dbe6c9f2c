"""A dry run: what would be decided otherwise under another pack, and why. Counts first, then the cases. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from contracts.formats import ClassifiedMessage

COMPARED = ("category", "resolver", "body", "kind", "urgent", "priority", "confidential", "decided")
"""What a town would feel, in the order in which it is told."""


@dataclass(frozen=True)
class Change:
    """One message that would be decided otherwise."""

    before: ClassifiedMessage
    after: ClassifiedMessage

    @property
    def fields(self) -> tuple[str, ...]:
        """What would change."""
        return tuple(name for name in COMPARED if getattr(self.before, name) != getattr(self.after, name))


@dataclass(frozen=True)
class Comparison:
    """All messages under both packs."""

    messages: int
    changes: tuple[Change, ...]


def compared(pairs: Iterable[tuple[ClassifiedMessage, ClassifiedMessage]]) -> Comparison:
    """From each message's decision before and after."""
    both = list(pairs)
    changes = (Change(before, after) for before, after in both)
    return Comparison(len(both), tuple(change for change in changes if change.fields))


def told(comparison: Comparison) -> Iterator[str]:
    """The lines for people. Nothing of a message but its id is in them."""
    changed = len(comparison.changes)
    yield f"{comparison.messages} messages: {comparison.messages - changed} decided alike, {changed} otherwise"
    for name in COMPARED:
        ways = Counter(
            f"{_value(change.before, name)} → {_value(change.after, name)}"
            for change in comparison.changes
            if name in change.fields
        )
        if ways:
            yield f"{name}: {ways.total()}"
            yield from (f"  {count:5}  {way}" for way, count in ways.most_common())
    for change in comparison.changes:
        what = ", ".join(
            f"{name} {_value(change.before, name)} → {_value(change.after, name)}" for name in change.fields
        )
        yield f"{change.before.id}: {what}"
        yield f"  before: {', '.join(change.before.why)}"
        yield f"  after:  {', '.join(change.after.why)}"


def _value(line: ClassifiedMessage, name: str) -> str:
    value = getattr(line, name)
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
