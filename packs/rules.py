"""Rules of a pack: what decides before, and beside, the comparison of words. In each list the first that matches wins."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from contracts.reports import Automatic
from contracts.types import Kind, Priority
from packs.base import Line, Model, Slug

Phrase = Annotated[
    str,
    Field(
        min_length=2,
        max_length=80,
        description=(
            "Beginnings of words, in this order, at most two other words between them; case and diacritics do not matter. "
            "A word that ends with a full stop is meant whole: `hoří.`; so is one of up to three letters, unless it ends "
            "with a star: `srn*`"
        ),
    ),
]


class Named(StrEnum):
    """Things with a known keeper that a message may name."""

    ROAD = "road"
    WATERCOURSE = "watercourse"
    NEIGHBOUR = "neighbour"
    RAILWAY_CROSSING = "railway-crossing"
    WAY_TO_NEIGHBOUR = "way-to-neighbour"
    """The road between the town and a neighbouring one."""


class Condition(Model):
    """All that is given must hold. An empty condition is refused."""

    any_of: list[Phrase] = []
    """At least one of these phrases is in the message."""
    and_any_of: list[Phrase] = []
    """And at least one of these."""
    and_also_any_of: list[Phrase] = []
    """And at least one of these as well."""
    none_of: list[Phrase] = []
    """None of these phrases is in the message."""
    automatic: list[Automatic] = []
    """The message was written by a machine of one of these sorts."""
    categories: list[Slug] = []
    """The category is one of these. Not for matter rules, which are asked before the category is known."""
    names: list[Named] = []
    """The message names one of these things of the gazetteer."""

    @property
    def groups(self) -> tuple[list[str], ...]:
        """The phrase lists of which each needs a match."""
        return tuple(group for group in (self.any_of, self.and_any_of, self.and_also_any_of) if group)

    @property
    def empty(self) -> bool:
        """Whether nothing is asked, so that it would match every message."""
        return not (self.groups or self.automatic or self.categories or self.names)


class Rule(Model):
    """What all rules have."""

    slug: Slug
    """Stands in the decision's reasons; never personal."""
    why: Line
    """What the rule is for, for those who read it later."""
    when: Condition


class Matter(Model):
    """What a matter rule decides."""

    category: Slug
    kind: Kind | None = None
    """Instead of the category's own."""
    urgent: bool | None = None
    set_aside: bool = False
    """No number, no answer: spam and machines."""
    sure: bool = True
    """False: a strong hint only; a person decides."""


class MatterRule(Rule):
    """Decides the category from signs that outweigh any likeness of words."""

    then: Matter


class KindOnly(Model):
    """What a kind rule decides."""

    kind: Kind


class KindRule(Rule):
    """Decides the kind, where it is another than the category's own."""

    then: KindOnly


class Urgency(Model):
    """What an urgency rule decides."""

    urgent: bool
    priority: Priority | None = None
    """Instead of the category's own."""


class UrgencyRule(Rule):
    """Decides whether hours matter."""

    then: Urgency


class Competence(Model):
    """Whose matter it is: exactly one of an outside body's type, the keeper of what is named, the town itself, or a role."""

    body_type: Slug | None = None
    keeper: bool = False
    """The keeper of the road, water or crossing that the message names, or the neighbour itself."""
    town: bool = False
    """The town itself, although the category usually goes outside."""
    role: Slug | None = None
    """Another role of the town than the category's own."""


class CompetenceRule(Rule):
    """Decides who solves it, where the words say that it is not who usually does."""

    then: Competence


class Rules(Model):
    """The rules by what they decide."""

    matter: list[MatterRule]
    kind: list[KindRule]
    urgency: list[UrgencyRule]
    competence: list[CompetenceRule]
