"""An opened case in, the decision on it out. Pure: the packs are asked for, nothing is fetched here."""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from contracts import identity
from contracts.envelope import Event, UnreadableEvent, new_event, parse_event
from contracts.registry import ROUTING, TICKET_EVENTS
from contracts.routing import RoutingDecided, RoutingPersonal
from contracts.tickets import Candidate, Coordinates, FurtherMatter, TicketOpened
from contracts.types import Confidentiality
from kit import metrics
from kit.messages import Message, Record
from kit.outcomes import DeadLetter
from kit.tracing import child_of
from packs import Pack
from router.decision import Decision, Router
from router.matter import CaseText, Position
from router.model.stored import Model

SOURCE = "/router"
_KNOWN = {event.event_type: event for event in TICKET_EVENTS.events}

logger = logging.getLogger(__name__)

PackOf = Callable[[str], tuple[Pack, str] | None]
"""A municipality's pack and its hash; None where it has none."""
ModelOf = Callable[[str], Model | None]
"""A municipality's model; None where there is none at all."""


class RoutingHandler:
    """Decides on opened cases; what it prepares for a pack it keeps until another pack or model holds."""

    def __init__(
        self,
        pack_of: PackOf,
        model_of: ModelOf = lambda _: None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._pack_of, self._model_of, self._clock = pack_of, model_of, clock
        self._routers: dict[str, tuple[str, Router]] = {}

    def __call__(self, message: Message) -> Sequence[Record] | DeadLetter:
        """The record of the decision; none for other events and for towns without a pack."""
        try:
            event = parse_event(message.value, _KNOWN)
        except UnreadableEvent as error:
            return DeadLetter("UnreadableEvent", str(error))
        if not isinstance(event.data, TicketOpened) or event.data.after.category is not None:
            # Nothing to decide on what a member of staff entered with its category.
            return []
        held = self._pack_of(event.municipality)
        if held is None:
            # tickets gives the case to the dispatcher when no decision comes.
            logger.error("town_without_pack", extra={"municipality": event.municipality})
            return []
        pack, digest = held
        try:
            router = self._router(event.municipality, pack, digest)
            decision = router.decide(case_text(event))
        except Exception as error:
            # Deciding is pure: what fails once fails always, and would end the process again after every restart.
            return DeadLetter(type(error).__name__, "deciding failed")
        return [self._record(event, decision, digest, router.model.hash if router.model is not None else None)]

    def _router(self, municipality: str, pack: Pack, digest: str) -> Router:
        model = self._model_of(municipality)
        prepared = self._routers.get(municipality)
        if prepared is None or prepared[0] != digest or prepared[1].model is not model:
            prepared = (digest, Router(pack, model))
            self._routers[municipality] = prepared
        return prepared[1]

    def _record(self, opened: Event[Any], decision: Decision, digest: str, model: str | None) -> Record:
        decided = new_event(
            routing_decided(opened, decision, digest, model),
            id=identity.event_id(opened.id, "routing"),
            source=SOURCE,
            time=self._clock(),
            subject=opened.subject,
            municipality=opened.municipality,
            confidentiality=confidentiality(opened, decision),
            causationid=opened.id,
            traceparent=child_of(opened.traceparent),
            basedon=opened.sequence,
        )
        metrics.ROUTED.labels(decision.category, "router" if decision.decided else "person").inc()
        metrics.FIRST_GUESS.observe(max((one.probability for one in decision.candidates), default=0.0))
        logger.info(
            "routing_decided",
            extra={"ticket_id": str(opened.subject), "event_id": str(decided.id), "category": decision.category},
        )
        return Record(ROUTING.name, str(opened.subject).encode(), decided.to_bytes())


def case_text(opened: Event[Any]) -> CaseText:
    """What the router knows of an opened case; nothing where its content does not travel."""
    personal = opened.data.personal
    if personal is None:
        return CaseText(automatic=opened.data.automatic, language=opened.data.after.language)
    return CaseText(
        subject=personal.subject or "",
        text=personal.text or "",
        automatic=opened.data.automatic,
        language=opened.data.after.language,
        photo_positions=[Position(place.latitude, place.longitude) for place in personal.photo_places],
    )


def routing_decided(opened: Event[Any], decision: Decision, digest: str, model: str | None = None) -> RoutingDecided:
    """The event's data: what was decided and why, the writer's words apart."""
    return RoutingDecided(
        ticket_id=opened.subject,
        category=decision.category,
        area=decision.area,
        kind=decision.kind,
        priority=decision.priority,
        urgent=decision.urgent,
        team=decision.team,
        body=decision.body,
        confidentiality=confidentiality(opened, decision),
        language=decision.language,
        district=decision.where.district,
        candidates=[
            Candidate(category=candidate.category, probability=min(1.0, round(candidate.probability, 4)))
            for candidate in decision.candidates
        ],
        decided=decision.decided,
        set_aside=decision.set_aside,
        reasons=list(decision.reasons),
        pack=digest,
        model=model,
        personal=_personal(opened, decision),
    )


def confidentiality(opened: Event[Any], decision: Decision) -> Confidentiality:
    """What was sealed before stays so; any other case was restricted only until somebody knew what it is about."""
    return Confidentiality.SEALED if opened.confidentiality == Confidentiality.SEALED else decision.confidentiality


def _personal(opened: Event[Any], decision: Decision) -> RoutingPersonal:
    if confidentiality(opened, decision) == Confidentiality.SEALED:
        # Sealed content never travels, not even in a few words.
        return RoutingPersonal()
    where = decision.where.coordinates
    return RoutingPersonal(
        place_phrase=decision.where.phrase,
        coordinates=Coordinates(latitude=where.latitude, longitude=where.longitude) if where else None,
        matched_words=list(decision.matched_words),
        further=[FurtherMatter(category=one.category, text=one.text) for one in decision.further],
    )
