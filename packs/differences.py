"""What differs between two resolved packs, thing by thing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from packs.pack import Pack

_LONGEST = 80


@dataclass(frozen=True)
class Difference:
    """One thing: where it stands, and what is said there before and after; what is not there is `ABSENT`."""

    place: str
    before: Any
    after: Any

    def __str__(self) -> str:
        if self.before is ABSENT:
            return f"+ {self.place}: {_short(self.after)}"
        if self.after is ABSENT:
            return f"- {self.place}: {_short(self.before)}"
        return f"~ {self.place}: {_short(self.before)} → {_short(self.after)}"


ABSENT = object()


def differences(before: Pack, after: Pack) -> list[Difference]:
    """In the order of the packs' parts. Things of a list are known by their slug; where rules only changed places, their order is told."""
    return list(_between("", before.model_dump(mode="json"), after.model_dump(mode="json")))


def _between(place: str, before: Any, after: Any) -> Iterator[Difference]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _between_named(place, before, after)
        return
    first, second = _by_slug(before), _by_slug(after)
    if first is None or second is None:
        yield Difference(place, before, after)
        return
    yield from _between_named(place, first, second)
    kept, now = [slug for slug in first if slug in second], [slug for slug in second if slug in first]
    if kept != now:
        yield Difference(f"{place} (order)", kept, now)


def _between_named(place: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    for name in dict.fromkeys((*before, *after)):
        inner = f"{place}.{name}" if place else name
        yield from _between(inner, before.get(name, ABSENT), after.get(name, ABSENT))


def _by_slug(things: Any) -> dict[str, Any] | None:
    """A list of things with slugs as a table; None for anything else."""
    if not isinstance(things, Sequence) or isinstance(things, str):
        return None
    if not all(isinstance(thing, Mapping) and "slug" in thing for thing in things):
        return None
    return {thing["slug"]: thing for thing in things}


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
