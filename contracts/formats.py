"""Lines of the files that a command reads and writes, one JSON object a line: what a town tries the router with.

Words of the writer stand only in `place`, `also` and the message itself; `why` are ids of rules.
"""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from contracts.types import Channel, Code, Kind, Language, Model


def _point_of_pair(value: Any) -> Any:
    if isinstance(value, (list, tuple)) and len(value) == 2:
        return dict(zip(("lat", "lon"), value, strict=True))
    return value


class Point(Model):
    """WGS 84, in degrees."""

    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]


class MessageToClassify(Model):
    """One message in."""

    id: Annotated[str, Field(min_length=1, max_length=200)]
    channel: Channel | None = None
    subject: str | None = None
    text: str | None = None
    gps: Annotated[Point | None, BeforeValidator(_point_of_pair)] = None
    """Where the photo was taken, or the place that was tapped on a map; a pair is latitude, longitude."""
    lang: Language | None = None


class ClassifiedCandidate(Model):
    """A category that it may be."""

    category: Code
    probability: Annotated[float, Field(ge=0, le=1)]


class ClassifiedPlace(Model):
    """What is known of where it is."""

    phrase: str | None = None
    street: str | None = None
    number: str | None = None
    lat: float | None = None
    lon: float | None = None
    district: Code | None = None


class OtherMatter(Model):
    """Another matter of the same message, and its sentences as written."""

    category: Code
    span: str


class ClassifiedMessage(Model):
    """One decision out."""

    id: str
    category: Code
    """Always the best guess."""
    area: Code
    candidates: Annotated[list[ClassifiedCandidate], Field(min_length=3)]
    kind: Kind
    urgent: bool
    priority: Annotated[str, Field(pattern=r"^P[1-4]$")]
    resolver: Code
    """The team of the town, also beside an outside body."""
    external: Code | None
    """The sort of outside body that is competent, `sousedni-obec`."""
    body: Code | None
    """Which one that is in this town, `obec-dubna`."""
    place: ClassifiedPlace
    multi: bool
    also: list[OtherMatter]
    confidential: bool
    decided: bool
    """False: for a person."""
    why: list[Code]


FORMATS: dict[str, type[Model]] = {
    "classify.message": MessageToClassify,
    "classify.decision": ClassifiedMessage,
}
