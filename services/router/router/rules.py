"""The pack's rules, prepared once: in each list the first that matches wins. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from contracts.reports import Automatic
from packs.rules import Condition, Named, Rule
from router.words import Phrases, Word

AnyRule = TypeVar("AnyRule", bound=Rule)

# Which phrase of which rule: the rule's number, and its group; the group of what must not be there.
_FORBIDDEN = -1


@dataclass(frozen=True)
class Fired(Generic[AnyRule]):
    """A rule that matched, and the words that made it match, as written."""

    rule: AnyRule
    words: tuple[str, ...]


class RuleList(Generic[AnyRule]):
    """One list of rules over one index of phrases."""

    def __init__(self, rules: Sequence[AnyRule]) -> None:
        self._rules = rules
        self._groups = [len(rule.when.groups) for rule in rules]
        self._wordless = [number for number, count in enumerate(self._groups) if not count]
        self._phrases: Phrases[tuple[int, int]] = Phrases(
            ((number, group), phrase)
            for number, rule in enumerate(rules)
            for group, phrases in _numbered(rule.when)
            for phrase in phrases
        )

    def first(
        self,
        words: Sequence[Word],
        *,
        automatic: Automatic = Automatic.NO,
        category: str | None = None,
        named: frozenset[Named] = frozenset(),
    ) -> Fired[AnyRule] | None:
        """The first rule whose condition holds."""
        present: dict[int, dict[int, list[str]]] = {}
        for found in self._phrases.find(words):
            number, group = found.owner
            raw = [word.raw for word in words[found.first : found.last + 1]]
            present.setdefault(number, {}).setdefault(group, []).extend(raw)
        for number in sorted({*present, *self._wordless}):
            rule, groups = self._rules[number], present.get(number, {})
            if len(groups) >= self._groups[number] and _holds(rule.when, groups, automatic, category, named):
                raw_words = [word for group in sorted(groups) for word in groups[group]]
                return Fired(rule, tuple(dict.fromkeys(raw_words)))
        return None


def _numbered(condition: Condition) -> list[tuple[int, list[str]]]:
    return [*enumerate(condition.groups), (_FORBIDDEN, condition.none_of)]


def _holds(
    condition: Condition,
    groups: dict[int, list[str]],
    automatic: Automatic,
    category: str | None,
    named: frozenset[Named],
) -> bool:
    if _FORBIDDEN in groups:
        return False
    if condition.automatic and automatic not in condition.automatic:
        return False
    if condition.categories and category not in condition.categories:
        return False
    return not condition.names or not named.isdisjoint(condition.names)
