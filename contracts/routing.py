"""Topic `routing`: what the router decided on an opened case."""

from typing import Annotated, ClassVar

from pydantic import Field

from contracts.envelope import EventData
from contracts.tickets import Candidate, Coordinates, FurtherMatter
from contracts.types import Code, Confidentiality, Kind, Language, Model, Priority, Sha256, TicketId


class RoutingPersonal(Model):
    """What the decision repeats of the writer's words."""

    place_phrase: str | None = None
    coordinates: Coordinates | None = None
    matched_words: list[str] = []
    further: Annotated[list[FurtherMatter], Field(max_length=3)] = []
    """Other matters of the same message."""


class RoutingDecided(EventData):
    """The router's decision. `basedon` in the envelope is the ticket's sequence that it read."""

    event_type: ClassVar[str] = "routing.decided"
    version: ClassVar[str] = "1.1"
    attributes: ClassVar[tuple[str, ...]] = ("basedon",)

    ticket_id: TicketId
    category: Code
    """Always the best guess, also where `decided` is false."""
    area: Code
    kind: Kind
    priority: Priority
    urgent: bool
    team: Code
    """The team of the town that answers for it, also beside an external body."""
    body: Code | None = None
    """The external body that is competent."""
    confidentiality: Confidentiality
    language: Language | None = None
    district: Code | None = None
    candidates: Annotated[list[Candidate], Field(max_length=10)]
    decided: bool
    """False: a person has to decide."""
    set_aside: bool = False
    """Spam and machine mail: no number, no answer."""
    reasons: list[Code]
    """Ids of the rules that fired."""
    pack: Sha256
    model: Sha256 | None = None
    personal: RoutingPersonal
