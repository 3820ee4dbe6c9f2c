"""Rules that can never fire: an author believes they protect somebody, and they do nothing."""

from collections.abc import Iterator, Sequence

from packs.findings import Finding
from packs.located import Located
from packs.phrases import stems
from packs.rules import Condition, Rule, Rules


def rules_that_never_fire(document: Located) -> Iterator[Finding]:
    """Empty, self-contradicting, hidden behind an earlier rule, or deciding nothing. The document has the right shape."""
    if "rules" not in (document.content if isinstance(document.content, dict) else {}):
        return
    rules = Rules.model_validate(document.at(["rules"]).plain)
    for stage in ("matter", "kind", "urgency", "competence"):
        listed: Sequence[Rule] = getattr(rules, stage)
        for number, rule in enumerate(listed):
            place = document.at(["rules", stage, number])
            yield from _faults(place, rule, listed[:number])
    for number, competence in enumerate(rules.competence):
        then = competence.then
        if sum((then.body_type is not None, then.keeper, then.town, then.role is not None)) != 1:
            place = document.at(["rules", "competence", number, "then"])
            yield place.finding(
                "a competence rule names exactly one solver", "keep one of body_type, keeper: true, town: true, role"
            )


def _faults(place: Located, rule: Rule, earlier: Sequence[Rule]) -> Iterator[Finding]:
    condition = place.at(["when"])
    if rule.when.empty:
        yield condition.finding(
            f"the rule `{rule.slug}` asks for nothing", "say in `when:` what it needs, or remove it"
        )
        return
    if _contradicts_itself(rule.when):
        yield condition.finding(
            f"the rule `{rule.slug}` can never fire: `none_of` forbids what it asks for", "shorten `none_of`"
        )
    hiding = next((other for other in earlier if not other.when.empty and _covers(other.when, rule.when)), None)
    if hiding is not None:
        remedy = "put the narrower rule first, or remove one of them"
        yield condition.finding(f"the rule `{rule.slug}` can never fire: `{hiding.slug}` above it fires first", remedy)


def _contradicts_itself(condition: Condition) -> bool:
    forbidden = condition.none_of
    return any(
        all(any(_implies(phrase, other) for other in forbidden) for phrase in group) for group in condition.groups
    )


def _covers(wide: Condition, narrow: Condition) -> bool:
    """Whether every message that fits the narrow condition fits the wide one."""
    return (
        all(any(_group_covers(group, inner) for inner in narrow.groups) for group in wide.groups)
        and _group_covers(narrow.none_of, wide.none_of)
        and _all_within(narrow.automatic, wide.automatic)
        and _all_within(narrow.categories, wide.categories)
        and _all_within(narrow.names, wide.names)
    )


def _group_covers(wide: list[str], narrow: list[str]) -> bool:
    return all(any(_implies(phrase, other) for other in wide) for phrase in narrow)


def _all_within(narrow: Sequence[str], wide: Sequence[str]) -> bool:
    return not wide or (bool(narrow) and set(narrow) <= set(wide))


def _implies(narrow: str, wide: str) -> bool:
    """Whether a message with the narrow phrase surely has the wide one."""
    narrow_stems, wide_stems = stems(narrow), stems(wide)
    if len(narrow_stems) != len(wide_stems):
        return False
    return all(one.covers(other) for one, other in zip(wide_stems, narrow_stems, strict=True))
