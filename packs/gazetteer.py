"""Where things are in the town, and whose they are."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from packs.base import Line, Model, Slug

Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
HouseNumber = Annotated[str, Field(pattern=r"^(?:ev\. )?[0-9]{1,4}(?:/[0-9]{1,4}[a-z]?)?$")]


class Place(Model):
    """Something with a name."""

    name: Line
    forms: list[Line] = []
    """Further names and forms by which people call it, where simple declension does not find them."""


class District(Place):
    """A part of the town."""

    slug: Slug


class Street(Place):
    """A street, square or embankment."""

    district: Slug


class Landmark(Place):
    """A place that people name instead of an address."""

    district: Slug


class Neighbour(Place):
    """A municipality next to ours."""

    body: Slug
    """The outside body that takes its matters."""


class Watercourse(Place):
    """A river, brook or pond with its keeper."""

    body_type: Slug | None = None
    """None: the town's own."""


class Road(Model):
    """A numbered road in the town."""

    number: Line
    """As on the sign: `I/38`, `II/347`, `III/34715`."""
    body_type: Slug | None = None
    """Its keeper, where it is not the one of its class."""
    forms: list[Line] = []


class RoadOwners(Model):
    """Type of the body that keeps roads of a class (road act 13/1997 Sb., § 9); local roads are the town's."""

    motorway: Slug
    first: Slug
    second: Slug
    third: Slug


class Gazetteer(Model):
    """All places of the town."""

    districts: list[District] = []
    streets: list[Street] = []
    landmarks: list[Landmark] = []
    neighbours: list[Neighbour] = []
    watercourses: list[Watercourse] = []
    roads: list[Road] = []
    road_owners: RoadOwners
    railway: Slug
    """Type of the body that keeps railway crossings, known by their number `P1234`."""


class StreetAddresses(Model):
    """The houses of one street in one part of the town, as the state's register has them."""

    street: Line | None = None
    """None: a part of the town without streets, whose houses have only their numbers."""
    district: Slug
    houses: dict[HouseNumber, tuple[Latitude, Longitude]]
    """By the number on the house, `145/12`, `145` or `ev. 7`: latitude and longitude in degrees (WGS 84)."""


class OutlineOf(StrEnum):
    """What an outline encloses."""

    TOWN = "town"
    DISTRICT = "district"
    NEIGHBOUR = "neighbour"


class Outline(Model):
    """Where something ends."""

    of: OutlineOf
    slug: Slug
    """The town's, the district's, or that of the neighbour's body."""
    polygons: list[list[list[tuple[Longitude, Latitude]]]]
    """As in a GeoJSON MultiPolygon: of each polygon the outer ring, then its holes."""
