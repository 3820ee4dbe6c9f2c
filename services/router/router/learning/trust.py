"""Which cases may teach: what one person alone says otherwise, does not. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from router.learning.history import SettledCase

_Way = tuple[str | None, str]

ENOUGH_PEOPLE = 2
"""So many have to stand behind a correction: who corrected the case and who solved it as that."""


@dataclass(frozen=True)
class Teaching:
    """What is learnt from, and corrections that wait for a second person, each as `from → to` with how many there are."""

    cases: tuple[SettledCase, ...]
    waiting: tuple[tuple[str, int], ...]


def teaching(cases: Iterable[SettledCase]) -> Teaching:
    """Confirmations, corrections that two people stand behind, and of what one person alone corrected from one category to another
    as many as all others have of the same sort: so nobody alone turns a category, however often he says it.
    """
    taught, lone = list[SettledCase](), defaultdict[_Way, dict[str, list[SettledCase]]](lambda: defaultdict(list))
    together = Counter[_Way]()
    for one in cases:
        way = (one.decided, one.category)
        if not one.corrected:
            taught.append(one)
        elif len(one.people) >= ENOUGH_PEOPLE:
            taught.append(one)
            together[way] += 1
        else:
            lone[way][min(one.people, default="")].append(one)
    waiting = Counter[str]()
    for way, by_person in lone.items():
        whole = together[way] + sum(map(len, by_person.values()))
        for own in by_person.values():
            others = whole - len(own)
            taught += own[:others]
            waiting[f"{way[0]} → {way[1]}"] += max(0, len(own) - others)
    taught.sort(key=lambda one: (one.opened_at, str(one.ticket_id)))
    return Teaching(tuple(taught), tuple((way, count) for way, count in waiting.most_common() if count))
