"""Lines of messages in, lines of decisions out: the very function that the service decides with, for trials and comparisons."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from contracts.formats import ClassifiedCandidate, ClassifiedMessage, ClassifiedPlace, MessageToClassify, OtherMatter
from contracts.types import Confidentiality
from router.decision import Decision, Router
from router.matter import CaseText, Position

_CANDIDATES = 3


@dataclass(frozen=True)
class BadLine:
    """A line that is no message: its number, and what is wrong with it, without its words."""

    number: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.number}: {self.reason}"


def classified(router: Router, lines: Iterable[bytes]) -> Iterator[ClassifiedMessage | BadLine]:
    """A decision for each message, in the order of the lines; empty lines are nobody's."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            message = MessageToClassify.model_validate_json(line)
        except ValidationError as error:
            yield BadLine(number, _reason(error))
            continue
        yield decision_line(router, message)


def decision_line(router: Router, message: MessageToClassify) -> ClassifiedMessage:
    """The decision on one message."""
    places = [Position(message.gps.lat, message.gps.lon)] if message.gps is not None else []
    case = CaseText(message.subject or "", message.text or "", language=message.lang, photo_positions=places)
    return _line(router, message.id, router.decide(case))


def _line(router: Router, identity: str, decision: Decision) -> ClassifiedMessage:
    where = decision.where
    found = where.coordinates
    body = router.pack.body(decision.body) if decision.body is not None else None
    return ClassifiedMessage(
        id=identity,
        category=decision.category,
        area=decision.area,
        candidates=_candidates(router, decision),
        kind=decision.kind,
        urgent=decision.urgent,
        priority=decision.priority.name,
        resolver=decision.team,
        external=body.type if body is not None else None,
        body=decision.body,
        place=ClassifiedPlace(
            phrase=where.wording or where.phrase,
            street=where.street,
            number=where.number,
            lat=found.latitude if found is not None else None,
            lon=found.longitude if found is not None else None,
            district=where.district,
        ),
        multi=bool(decision.further),
        also=[OtherMatter(category=one.category, span=one.text) for one in decision.further],
        confidential=decision.confidentiality != Confidentiality.OPEN,
        decided=decision.decided,
        why=list(decision.reasons),
    )


def _candidates(router: Router, decision: Decision) -> list[ClassifiedCandidate]:
    found = {one.category: min(1.0, round(one.probability, 4)) for one in decision.candidates}
    others = (decision.category, *(category.slug for category in router.pack.categories))
    for slug in others:
        if len(found) >= _CANDIDATES:
            break
        found.setdefault(slug, 0.0)
    return [ClassifiedCandidate(category=slug, probability=probability) for slug, probability in found.items()]


def _reason(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else first["msg"]
