"""From a case's words to a decision: what it is, how urgent, who solves it, where it is, and why. Pure."""

from dataclasses import dataclass
from functools import cached_property

from contracts.reports import Automatic
from contracts.types import Confidentiality, Kind, Priority
from packs import Category, Pack
from packs.rules import CompetenceRule, KindRule, MatterRule, Named, UrgencyRule
from router.categories.candidates import Answers, CandidateFinder
from router.categories.further import Further, further, possible
from router.categories.likeness import Candidate
from router.matter import CaseText, Matter, matter_of
from router.model.linear import BODY, CATEGORY, IS_URGENT, KIND, NO_BODY, URGENT
from router.model.stored import Model, Thresholds
from router.places.finder import PlaceFinder, WhereItIs
from router.places.keepers import KeeperFinder, NamedThing
from router.rules import Fired, RuleList

SURE_FROM = 0.5
"""Below this probability a person decides."""
SEALED_FROM = 0.3
"""Rather a false alarm to the officer than a whistleblower before the dispatcher's eyes."""
GUESSED_FROM = 0.1
"""Below this probability the best guess is that nobody knows."""
CAREFUL_FROM = 0.15
"""A confidential category this probable makes an undecided case confidential."""
_BY_RULE, _BY_HINT = 0.97, 0.45
LEARNT_FROM = 0.5
"""From this probability on the model's word on kind and body counts, where no rule of the pack says anything."""
_CANDIDATES = 5
_WORDS_KEPT = 20
_WITHOUT_MODEL = Thresholds(sure=SURE_FROM)
# An emergency and what is set aside need a category that says so, or a rule.
_NEVER_LEARNT = (Kind.EMERGENCY.value, Kind.SPAM.value)
_STRICTNESS = [Confidentiality.OPEN, Confidentiality.RESTRICTED, Confidentiality.SEALED]


@dataclass(frozen=True)
class Decision:
    """What the router decided; the impersonal part, and the words apart (`where`, `matched_words`)."""

    category: str
    area: str
    kind: Kind
    priority: Priority
    urgent: bool
    team: str
    body: str | None
    confidentiality: Confidentiality
    language: str | None
    candidates: tuple[Candidate, ...]
    decided: bool
    set_aside: bool
    reasons: tuple[str, ...]
    where: WhereItIs
    matched_words: tuple[str, ...]
    further: tuple[Further, ...]
    """Other matters of the same message, in the writer's words: offers to a person."""


@dataclass(frozen=True)
class _Solver:
    role: str
    body: str | None
    reason: str


class Router:
    """All that is prepared for one pack; `decide` is a function of it and the case."""

    def __init__(self, pack: Pack, model: Model | None = None) -> None:
        self.pack, self.model = pack, model
        self.matter_rules: RuleList[MatterRule] = RuleList(pack.rules.matter)
        # Where none of them holds for the whole, not even without its exceptions, none can hold for a sentence.
        self.danger_rules: RuleList[MatterRule] = RuleList(
            [_without_exceptions(rule) for rule in pack.rules.matter if _tells_danger(rule, pack)]
        )
        self.kind_rules: RuleList[KindRule] = RuleList(pack.rules.kind)
        self.urgency_rules: RuleList[UrgencyRule] = RuleList(pack.rules.urgency)
        self.competence_rules: RuleList[CompetenceRule] = RuleList(pack.rules.competence)
        self.places = PlaceFinder(pack, model.places if model is not None else None)
        self.thresholds = model.thresholds if model is not None else _WITHOUT_MODEL
        self.finder = CandidateFinder(pack, model.answers if model is not None else None, self.places)
        self.keepers = KeeperFinder(pack)

    def decide(self, case: CaseText) -> Decision:
        """The decision; always one, also for an empty message."""
        return _Deciding(self, matter_of(case)).decision()


class _Deciding:
    """One case on its way through the steps; each is asked once, in the order in which it needs the one before."""

    def __init__(self, router: Router, matter: Matter) -> None:
        self._router, self._matter = router, matter
        self._pack = router.pack

    def decision(self) -> Decision:
        category, fired = self._category, self._fired
        kind, kind_reason = self._kind_of_message()
        urgent, priority, urgency_reason = self._urgency()
        solver = self._solver()
        where = self._where
        then = fired.rule.then if fired is not None else None
        words = fired.words if fired is not None else self._candidates[0].words if self._candidates else ()
        return Decision(
            category=category.slug,
            area=category.area,
            kind=kind,
            priority=priority,
            urgent=urgent,
            team=self._pack.team_for(solver.role).slug,
            body=solver.body,
            confidentiality=self._confidentiality(),
            language=self._matter.case.language,
            candidates=self._candidates[:_CANDIDATES],
            decided=self._decided and not where.doubtful and not self._endangered,
            set_aside=then is not None and then.set_aside and then.sure,
            reasons=tuple(r for r in (self._why(), kind_reason, urgency_reason, solver.reason, *where.reasons) if r),
            where=where,
            matched_words=words[:_WORDS_KEPT],
            further=self._further(),
        )

    def _further(self) -> tuple[Further, ...]:
        sentences = self._matter.sentences
        if not self._answers or len(sentences) < 2:
            return ()
        defaults, main = self._pack.defaults, self._category.slug
        accompanying = {defaults.unclear, defaults.spam, *defaults.accompanying}
        among = possible(main, self._answers[CATEGORY], accompanying)
        return further(main, ((one, self._router.finder.of_sentence(one)) for one in sentences), among) if among else ()

    @cached_property
    def _where(self) -> WhereItIs:
        return self._router.places.find(self._matter)

    @cached_property
    def _fired(self) -> Fired[MatterRule] | None:
        """The first rule that holds for the whole; or a danger that one sentence tells, whatever stands around it."""
        automatic = self._matter.case.automatic
        whole = self._router.matter_rules.first(self._matter.words, automatic=automatic)
        if automatic != Automatic.NO or self._is_danger(whole):
            return whole
        if self._router.danger_rules.first(self._matter.words) is None:
            return whole
        for sentence in self._matter.sentences:
            if self._is_danger(fired := self._router.matter_rules.first(sentence.words)):
                return fired
        return whole

    def _is_danger(self, fired: Fired[MatterRule] | None) -> bool:
        return fired is not None and _tells_danger(fired.rule, self._pack)

    @cached_property
    def _answers(self) -> Answers:
        return self._router.finder.answers(self._matter)

    @cached_property
    def _candidates(self) -> tuple[Candidate, ...]:
        alike = self._router.finder.candidates(self._matter, self._answers)
        if self._fired is None:
            return tuple(alike)
        slug = self._fired.rule.then.category
        share = _BY_RULE if self._fired.rule.then.sure else _BY_HINT
        others = [candidate for candidate in alike if candidate.category != slug]
        rest = sum(candidate.probability for candidate in others) or 1.0
        spread = [Candidate(o.category, o.probability / rest * (1 - share), o.words) for o in others]
        return (Candidate(slug, share, self._fired.words), *spread)

    @cached_property
    def _category(self) -> Category:
        return self._pack.category(self._candidates[0].category if self._known else self._pack.defaults.unclear)

    @cached_property
    def _known(self) -> bool:
        return bool(self._candidates) and self._candidates[0].probability >= GUESSED_FROM

    @cached_property
    def _decided(self) -> bool:
        if self._category.slug == self._pack.defaults.unclear:
            return False
        if self._fired is not None:
            return self._fired.rule.then.sure
        if self._category.slug == self._pack.defaults.spam:
            # Likeness alone sets nothing aside.
            return False
        sealed = self._category.confidentiality == Confidentiality.SEALED
        return self._candidates[0].probability >= (SEALED_FROM if sealed else self._router.thresholds.sure)

    def _why(self) -> str:
        if self._fired is not None:
            return f"matter.{self._fired.rule.slug}"
        if not self._known:
            return "category.nothing-known"
        if self._answers:
            return "category.learnt"
        return "category.words" if self._candidates[0].words else "category.likeness"

    def _kind_of_message(self) -> tuple[Kind, str | None]:
        if self._fired is not None and self._fired.rule.then.kind is not None:
            return self._fired.rule.then.kind, None
        if self._endangered:
            return Kind.EMERGENCY, "kind.danger-learnt"
        fired = self._router.kind_rules.first(self._matter.words, category=self._category.slug)
        if fired is not None:
            return fired.rule.then.kind, f"kind.{fired.rule.slug}"
        learnt = self._learnt(KIND, LEARNT_FROM)
        if learnt in (None, self._category.kind.value, *_NEVER_LEARNT) or self._category.kind.value in _NEVER_LEARNT:
            return self._category.kind, None
        return Kind(learnt), "kind.learnt"

    @cached_property
    def _endangered(self) -> bool:
        """Whether the model takes it for an emergency. Rather a false alarm than a missed one: its threshold is low."""
        if self._fired is not None and self._fired.rule.then.sure:
            return False
        probability = self._answers.get(KIND, {}).get(Kind.EMERGENCY.value, 0.0)
        return probability >= self._router.thresholds.emergency

    def _learnt(self, question: str, least: float) -> str | None:
        """The model's answer where it is probable enough."""
        answers = self._answers.get(question, {})
        best = max(answers, key=answers.__getitem__, default=None)
        return best if best is not None and answers[best] >= least else None

    def _urgency(self) -> tuple[bool, Priority, str | None]:
        if self._endangered:
            return True, Priority.P1, None
        usual = self._category.priority
        by_matter = self._fired.rule.then.urgent if self._fired is not None else None
        if by_matter is not None:
            return by_matter, Priority.P1 if by_matter else usual, None
        fired = self._router.urgency_rules.first(self._matter.words, category=self._category.slug)
        if fired is None:
            if self._answers.get(URGENT, {}).get(IS_URGENT, 0.0) >= self._router.thresholds.urgent:
                return True, min(usual, Priority.P2), "urgency.learnt"
            return False, usual, None
        then = fired.rule.then
        raised = min(usual, Priority.P2) if then.urgent else usual
        return then.urgent, then.priority or raised, f"urgency.{fired.rule.slug}"

    def _solver(self) -> _Solver:
        named = self._router.keepers.named(f"{self._matter.title} {self._matter.written}", self._matter.words)
        if self._where.neighbour is not None:
            named.append(NamedThing(Named.NEIGHBOUR, self._where.neighbour))
        fired = self._router.competence_rules.first(
            self._matter.words, category=self._category.slug, named=frozenset(thing.kind for thing in named)
        )
        usual = self._category.role
        if fired is None:
            return self._usual_or_learnt(usual)
        then, reason = fired.rule.then, f"competence.{fired.rule.slug}"
        if then.keeper:
            return _Solver(usual, _keeper(named, fired.rule), reason)
        return self._inside_or_outside(then.role or usual, then.body_type, reason)

    def _usual_or_learnt(self, role: str) -> _Solver:
        """The model may name an outside body; that there is none, only the pack says."""
        usual, learnt = self._category.body_type, self._learnt(BODY, LEARNT_FROM)
        if learnt in (None, NO_BODY, usual) or learnt not in {kind.slug for kind in self._pack.body_types}:
            return self._inside_or_outside(role, usual, "competence.usual")
        return self._inside_or_outside(role, learnt, "competence.learnt")

    def _inside_or_outside(self, role: str, body_type: str | None, reason: str) -> _Solver:
        if (own := self._pack.own_role(body_type)) is not None:
            return _Solver(own, None, reason)
        body = self._pack.body_of_type(body_type) if body_type is not None else None
        return _Solver(role, body.slug if body is not None else None, reason)

    def _confidentiality(self) -> Confidentiality:
        own = self._category.confidentiality
        if self._decided:
            return own
        near = [self._pack.category(c.category) for c in self._candidates if c.probability >= CAREFUL_FROM]
        strictest = max((category.confidentiality for category in near), key=_STRICTNESS.index, default=own)
        # A person still has to read it, so it cannot be sealed yet.
        return min(strictest, Confidentiality.RESTRICTED, key=_STRICTNESS.index)


def _tells_danger(rule: MatterRule, pack: Pack) -> bool:
    return (rule.then.kind or pack.category(rule.then.category).kind) == Kind.EMERGENCY


def _without_exceptions(rule: MatterRule) -> MatterRule:
    return rule.model_copy(update={"when": rule.when.model_copy(update={"none_of": []})})


def _keeper(named: list[NamedThing], rule: CompetenceRule) -> str | None:
    return next((thing.body for thing in named if thing.kind in rule.when.names), None)
