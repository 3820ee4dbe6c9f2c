"""A town as the cases see it: its pack, and its teams and bodies as participants with an address."""

from collections.abc import Callable
from functools import cache

from contracts.participants import Contact, Participant, Proof, Role, Way
from contracts.tickets import Resolver, ResolverKind
from contracts.types import Confidentiality
from packs import Pack
from packs.office import Calendar
from packs.situations import Category, DeadlineUnit, Term
from tickets.cases.case import Party

DISPATCHER = "dispatcher"
# Holds for a town whose pack is not there: § 16 (2) g) of act 128/2000 Sb.
_WITHOUT_PACK = Calendar(
    legal_maximum=Term(value=60, unit=DeadlineUnit.CALENDAR_DAYS),
    council_maximum=Term(value=90, unit=DeadlineUnit.CALENDAR_DAYS),
    forward_within=Term(value=5, unit=DeadlineUnit.WORKING_DAYS),
)


class Town:
    """A municipality with its pack. Without a pack cases are still opened and numbered, for a dispatcher without address."""

    def __init__(self, municipality: str, pack: Pack | None, pseudonym: Callable[[str], str]) -> None:
        self.municipality, self.pack = municipality, pack
        self.pseudonym = pseudonym
        """Stands for an e-mail address of this municipality."""
        self.team = cache(self._team)
        self.body = cache(self._body)

    @property
    def calendar(self) -> Calendar:
        """How the office counts time."""
        return self.pack.calendar if self.pack is not None else _WITHOUT_PACK

    @property
    def dispatcher(self) -> Resolver:
        """Who decides what the rules could not."""
        return Resolver(kind=ResolverKind.TEAM, code=self.pack.dispatcher.slug if self.pack else DISPATCHER)

    def category(self, code: str | None) -> Category | None:
        """The category, None where the pack has none of that code."""
        try:
            return self.pack.category(code) if self.pack is not None and code is not None else None
        except KeyError:
            return None

    def has_team(self, code: str) -> bool:
        """Whether the pack knows the team."""
        return self.pack is not None and any(team.slug == code for team in self.pack.teams)

    def keeper_of_sealed(self, category: Category | None) -> str | None:
        """The team of the competent person, who alone reads sealed cases: that of the category where it is a sealed one, else that
        of the town's first sealed category. None where the town has none."""
        if self.pack is None:
            return None
        ours = [category] if category is not None and category.confidentiality == Confidentiality.SEALED else []
        sealed = (one for one in [*ours, *self.pack.categories] if one.confidentiality == Confidentiality.SEALED)
        first = next(sealed, None)
        return self.pack.resolver_for(first).slug if first is not None else None

    def reaches_body(self, code: str | None) -> bool:
        """Whether a case can be handed over to the body by itself."""
        return code is not None and self.body(code) is not None

    def attentive_party(self, team: str | None = None) -> Party | None:
        """Who is told of what went wrong: the dispatcher, or the given team in his place."""
        party = self.team(team or self.dispatcher.code)
        if party is None:
            return None
        return party.model_copy(update={"participant": party.participant.model_copy(update={"role": Role.DISPATCHER})})

    def _team(self, code: str) -> Party | None:
        if self.pack is None or not self.has_team(code):
            return None
        team = self.pack.team(code)
        return self._party(team.email, team.name, Role.RESOLVER)

    def _body(self, code: str) -> Party | None:
        try:
            body = self.pack.body(code) if self.pack is not None else None
        except KeyError:
            return None
        return self._party(body.email, body.name, Role.BODY) if body is not None and body.email else None

    def _party(self, address: str, name: str, role: Role) -> Party:
        participant = Participant(id=self.pseudonym(address), role=role, way=Way.EMAIL, proof=Proof.PACK)
        return Party(participant=participant, contact=Contact(address=address, name=name))
