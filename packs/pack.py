"""A resolved pack: everything a town's helpdesk knows about its work, after all layers are laid over each other."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Protocol, TypeVar

from packs.base import Line, Model, ReasonCode, Slug, Version
from packs.gazetteer import Gazetteer, Outline, StreetAddresses
from packs.office import Body, BodyType, Calendar, Role, Team, Town
from packs.rules import Rule, Rules
from packs.situations import Area, BoundaryRule, Category, KindOfMessage, PriorityLevel, StateOfTicket
from packs.texts import Text


class Defaults(Model):
    """Slugs that the services need to know by their meaning."""

    dispatcher: Slug
    """Role of those who decide what the rules could not."""
    unclear: Slug
    """Category of what nobody understands."""
    spam: Slug
    """Category of what is set aside."""
    emergency: Slug
    """Category of what belongs to 112."""
    accompanying: list[Slug] = []
    """Categories of what only goes with a matter, thanks or a question how it stands: never a further matter by themselves."""


class Layer(Model):
    """One layer of which a pack was made, from the ground up."""

    slug: Slug
    version: Version


class _Slugged(Protocol):
    @property
    def slug(self) -> str: ...


_Part = TypeVar("_Part", bound=_Slugged)


def _by_slug(parts: Iterable[_Part]) -> dict[str, _Part]:
    return {str(part.slug): part for part in parts}


class Pack(Model):
    """Everything, resolved. Lookups raise KeyError for a slug that the pack does not have."""

    slug: Slug
    name: Line
    version: Version
    layers: list[Layer]
    defaults: Defaults
    town: Town
    calendar: Calendar
    areas: list[Area]
    categories: list[Category]
    kinds: list[KindOfMessage]
    priorities: list[PriorityLevel]
    roles: list[Role]
    teams: list[Team]
    body_types: list[BodyType]
    bodies: list[Body]
    states: list[StateOfTicket]
    rules: Rules
    boundary_rules: list[BoundaryRule]
    reasons: dict[ReasonCode, Line] = {}
    """What the router's own reasons say to a clerk."""
    gazetteer: Gazetteer
    addresses: list[StreetAddresses] = []
    outlines: list[Outline] = []
    texts: dict[str, Text]

    def reason(self, code: str) -> str | None:
        """What a reason says to a clerk: the text of the router's own ones, the rule's `why` of a rule's."""
        return self._reasons.get(code)

    @property
    def label(self) -> str:
        """The version as people call it: `lipovany-1.0`."""
        return f"{self.slug}-{self.version}"

    def area(self, slug: str) -> Area:
        """The area."""
        return self._areas[slug]

    def category(self, slug: str) -> Category:
        """The category."""
        return self._categories[slug]

    def role(self, slug: str) -> Role:
        """The role."""
        return self._roles[slug]

    def team(self, slug: str) -> Team:
        """The team."""
        return self._teams[slug]

    def body(self, slug: str) -> Body:
        """The body outside the town."""
        return self._bodies[slug]

    def state(self, slug: str) -> StateOfTicket:
        """Name and sentence of a ticket's state."""
        return self._states[slug]

    def kind(self, slug: str) -> KindOfMessage:
        """Name and definition of a kind of message."""
        return self._kinds[slug]

    def priority(self, slug: str) -> PriorityLevel:
        """Name of a priority."""
        return self._priorities[slug]

    def team_for(self, role: str) -> Team:
        """The first team that fills a role."""
        return self._team_by_role[role]

    def resolver_for(self, category: Category) -> Team:
        """The team that solves a category, or answers for it beside a body outside."""
        return self.team_for(category.role)

    def own_role(self, body_type: str | None) -> str | None:
        """The role that does a sort of outside work where the town does it itself; None where it does not."""
        return next((work.role for work in self.town.itself if work.body_type == body_type), None)

    @property
    def dispatcher(self) -> Team:
        """Those who decide what the rules could not."""
        return self.team_for(self.defaults.dispatcher)

    def body_of_type(self, body_type: str) -> Body | None:
        """The body of a type; None where there are several (neighbouring towns) or none, so that the place has to decide."""
        bodies = [body for body in self.bodies if body.type == body_type]
        return bodies[0] if len(bodies) == 1 else None

    @cached_property
    def _reasons(self) -> dict[str, str]:
        lists: dict[str, Sequence[Rule]] = {
            "matter": self.rules.matter,
            "kind": self.rules.kind,
            "urgency": self.rules.urgency,
            "competence": self.rules.competence,
        }
        return self.reasons | {f"{name}.{rule.slug}": rule.why for name, rules in lists.items() for rule in rules}

    @cached_property
    def _areas(self) -> dict[str, Area]:
        return _by_slug(self.areas)

    @cached_property
    def _categories(self) -> dict[str, Category]:
        return _by_slug(self.categories)

    @cached_property
    def _roles(self) -> dict[str, Role]:
        return _by_slug(self.roles)

    @cached_property
    def _teams(self) -> dict[str, Team]:
        return _by_slug(self.teams)

    @cached_property
    def _bodies(self) -> dict[str, Body]:
        return _by_slug(self.bodies)

    @cached_property
    def _states(self) -> dict[str, StateOfTicket]:
        return _by_slug(self.states)

    @cached_property
    def _kinds(self) -> dict[str, KindOfMessage]:
        return _by_slug(self.kinds)

    @cached_property
    def _priorities(self) -> dict[str, PriorityLevel]:
        return _by_slug(self.priorities)

    @cached_property
    def _team_by_role(self) -> dict[str, Team]:
        return {role: team for team in reversed(self.teams) for role in team.roles}
