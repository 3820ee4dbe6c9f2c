"""Where in the town a position is, and where a house stands. Pure."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from shapely import Point, Polygon, STRtree, union_all
from shapely.geometry.base import BaseGeometry

from packs import Pack
from packs.folding import fold
from packs.gazetteer import Outline, OutlineOf
from router.matter import Position

NEAR_BORDER_METRES = 30.0
"""A telephone's position and a drawn border differ by as much: nearer than this a person is asked."""
_METRES_OF_A_DEGREE = 111_320.0

Metres = tuple[float, float]


@dataclass(frozen=True)
class Surroundings:
    """What is around a position. `neighbour` is a body's slug; all None where no outline says anything."""

    in_town: bool | None = None
    district: str | None = None
    neighbour: str | None = None
    near_border: bool = False


@dataclass(frozen=True)
class House:
    """A house of the register."""

    position: Position
    district: str


class Geography:
    """Prepared once for a pack."""

    def __init__(self, pack: Pack) -> None:
        self._houses: dict[tuple[str, str], list[House]] = defaultdict(list)
        for street in pack.addresses:
            for number, (latitude, longitude) in street.houses.items():
                house = House(Position(latitude, longitude), street.district)
                for form in {number, *number.split("/")}:
                    self._houses[fold(street.street or ""), form].append(house)
        self._outlines = pack.outlines
        corner = next((ring[0] for one in pack.outlines for polygon in one.polygons for ring in polygon), (15.0, 49.8))
        self._narrower = math.cos(math.radians(corner[1]))
        self._shapes = [self._shape(outline) for outline in pack.outlines]
        self._tree = STRtree(self._shapes)

    def houses(self, street: str | None, number: str, district: str | None) -> frozenset[House]:
        """The houses with that number: several where nothing tells them apart."""
        found = frozenset(self._houses.get((fold(street or ""), number.lower()), ()))
        return frozenset(house for house in found if house.district == district) or found

    def around(self, position: Position) -> Surroundings:
        """What the outlines say of a position."""
        point = Point(self._metres(position.longitude, position.latitude))
        inside = [self._outlines[number] for number in self._tree.query(point, predicate="intersects")]
        towns = [number for number, one in enumerate(self._outlines) if one.of == OutlineOf.TOWN]
        if not towns and not inside:
            return Surroundings()
        near = any(self._shapes[number].boundary.distance(point) <= NEAR_BORDER_METRES for number in towns)
        return Surroundings(
            in_town=any(one.of == OutlineOf.TOWN for one in inside) if towns else None,
            district=_first(inside, OutlineOf.DISTRICT),
            neighbour=_first(inside, OutlineOf.NEIGHBOUR),
            near_border=near,
        )

    def _shape(self, outline: Outline) -> BaseGeometry:
        parts = [Polygon(*self._rings(polygon)) for polygon in outline.polygons]
        # Drawn outlines cross themselves now and then; a buffer of nothing makes them whole.
        return union_all([part.buffer(0) for part in parts])

    def _rings(self, polygon: Sequence[Sequence[tuple[float, float]]]) -> tuple[list[Metres], list[list[Metres]]]:
        outer, *holes = [[self._metres(*corner) for corner in ring] for ring in polygon]
        return outer, holes

    def _metres(self, longitude: float, latitude: float) -> Metres:
        """Flat, and true to a hand's breadth within a town."""
        return longitude * _METRES_OF_A_DEGREE * self._narrower, latitude * _METRES_OF_A_DEGREE


def _first(outlines: Sequence[Outline], of: OutlineOf) -> str | None:
    return next((one.slug for one in outlines if one.of == of), None)
