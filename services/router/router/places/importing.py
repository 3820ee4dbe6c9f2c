"""The state's addresses and boundaries as parts of a pack: RÚIAN's CSV of a municipality, and GeoJSON. Pure.

The CSV is that of ČÚZK's exchange format "adresní místa CSV": windows-1250, semicolons, named columns, coordinates in S-JTSK,
Y and X both positive (EPSG:5514 has them negative and in the order east, north).
"""

import csv
import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml
from pyproj import Transformer

from packs import Pack
from packs.folding import fold
from packs.gazetteer import Outline, OutlineOf, StreetAddresses

PART, STREET, SORT = "Název části obce", "Název ulice", "Typ SO"
HOUSE, ORIENTATION, SIGN, NORTHING, EASTING = (
    "Číslo domovní", "Číslo orientační", "Znak čísla orientačního", "Souřadnice X", "Souřadnice Y",
)  # fmt: skip
_NEEDED = (PART, STREET, SORT, HOUSE, ORIENTATION, SIGN, NORTHING, EASTING)
# Six places are a tenth of a metre.
_PLACES = 6
_NAMES = ("nazev", "NAZEV", "Nazev", "name", "NAME")


class ImportRefused(ValueError):
    """The file cannot be taken as it is; the text says why and what helps."""


def addresses(content: bytes, pack: Pack) -> tuple[list[StreetAddresses], list[str]]:
    """The houses by street and part of the town, and what was left out and why. Raises ImportRefused."""
    rows = _rows(content)
    districts = {fold(district.name): district.slug for district in pack.gazetteer.districts}
    missing = sorted({row[PART] for _, row in rows if fold(row[PART]) not in districts})
    if missing:
        lines = "".join(f"\n    - slug: {_slug(name)}\n      name: {name}" for name in missing)
        raise ImportRefused(
            f"the pack does not know these parts of the town; add them to gazetteer.yaml, under districts:{lines}"
        )
    to_wgs84 = Transformer.from_crs(5514, 4326, always_xy=True)
    found: dict[tuple[str, str], dict[str, tuple[float, float]]] = defaultdict(dict)
    left_out = []
    for line, row in rows:
        try:
            east, north = float(row[EASTING]), float(row[NORTHING])
            longitude, latitude = to_wgs84.transform(-east, -north)
        except ValueError:
            left_out.append(f"line {line}: without coordinates")
            continue
        if not (math.isfinite(longitude) and math.isfinite(latitude) and 12 < longitude < 19 and 48 < latitude < 52):
            left_out.append(f"line {line}: coordinates outside the country")
            continue
        position = (round(latitude, _PLACES), round(longitude, _PLACES))
        found[row[STREET], districts[fold(row[PART])]][_number(row)] = position
    streets = [
        StreetAddresses(street=street or None, district=district, houses=dict(sorted(houses.items(), key=_by_number)))
        for (street, district), houses in sorted(found.items())
    ]
    return streets, left_out


def outlines(content: bytes, pack: Pack) -> tuple[list[Outline], list[str]]:
    """Outlines of the town, its districts and neighbours, and names that are none of these. Raises ImportRefused."""
    features = _features(content)
    known = _enclosed(pack)
    found, left_out = [], []
    for number, feature in enumerate(features, 1):
        properties = feature.get("properties") or {}
        name = next((str(properties[key]) for key in _NAMES if properties.get(key)), None)
        if name is None:
            left_out.append(f"feature {number}: has no name (one of the properties {', '.join(_NAMES)})")
        elif fold(name) not in known:
            left_out.append(f"feature {number}: {name} is neither the town nor a part or neighbour in gazetteer.yaml")
        else:
            of, slug = known[fold(name)]
            found.append(Outline(of=of, slug=slug, polygons=_polygons(feature, number)))
    return found, left_out


def as_yaml(key: str, parts: Sequence[StreetAddresses] | Sequence[Outline]) -> str:
    """The file of a pack's layer."""
    head = (
        f"# yaml-language-server: $schema=../schema/{key}.schema.json\n# Made by `python -m router gazetteer import`.\n"
    )
    content = [part.model_dump(mode="json", exclude_none=True) for part in parts]
    return head + yaml.dump({key: content}, allow_unicode=True, sort_keys=False, default_flow_style=None, width=120)


def _rows(content: bytes) -> list[tuple[int, Mapping[str, str]]]:
    try:
        text = content.decode("windows-1250")
    except UnicodeDecodeError:
        raise ImportRefused("the file is not in windows-1250, as the state publishes it") from None
    reader = csv.DictReader(text.splitlines(), delimiter=";")
    missing = [name for name in _NEEDED if name not in (reader.fieldnames or ())]
    if missing:
        raise ImportRefused(f"not the CSV of addresses: it has no column {', '.join(missing)}")
    rows: list[tuple[int, Mapping[str, str]]] = [
        (number, row) for number, row in enumerate(reader, 2) if any(row.values())
    ]
    if not rows:
        raise ImportRefused("there is no address in the file")
    cut = [number for number, row in rows if any(row[name] is None for name in _NEEDED)]
    if cut:
        raise ImportRefused(f"line {cut[0]} ends too early; is the file whole?")
    return rows


def _number(row: Mapping[str, str]) -> str:
    """`145/12a` as on the house; evidence numbers (`č.ev.`, of cottages) are another row of numbers."""
    house = f"ev. {row[HOUSE]}" if "ev" in row[SORT] else row[HOUSE]
    return f"{house}/{row[ORIENTATION]}{row[SIGN].lower()}" if row[ORIENTATION] else house


def _by_number(item: tuple[str, Any]) -> tuple[bool, list[int]]:
    number = item[0].removeprefix("ev. ")
    return item[0].startswith("ev."), [int("".join(filter(str.isdigit, piece)) or 0) for piece in number.split("/")]


def _slug(name: str) -> str:
    return "-".join("".join(sign if sign.isalnum() else " " for sign in fold(name)).split())


def _features(content: bytes) -> list[Mapping[str, Any]]:
    try:
        document = json.loads(content)
    except ValueError:
        raise ImportRefused("the file is not JSON") from None
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or not all(isinstance(feature, dict) for feature in features):
        raise ImportRefused("not a GeoJSON FeatureCollection")
    return features


def _enclosed(pack: Pack) -> dict[str, tuple[OutlineOf, str]]:
    neighbours = {fold(one.name): (OutlineOf.NEIGHBOUR, one.body) for one in pack.gazetteer.neighbours}
    districts = {fold(one.name): (OutlineOf.DISTRICT, one.slug) for one in pack.gazetteer.districts}
    # `Město Lipovany` is `Lipovany` on the map.
    name = fold(pack.town.name)
    town = dict.fromkeys((name, name.partition(" ")[2]), (OutlineOf.TOWN, pack.town.slug))
    return {**neighbours, **districts, **town}


def _polygons(feature: Mapping[str, Any], number: int) -> list[Any]:
    geometry = feature.get("geometry") or {}
    rings: Any = geometry.get("coordinates")
    if geometry.get("type") == "Polygon":
        rings = [rings]
    elif geometry.get("type") != "MultiPolygon":
        raise ImportRefused(f"feature {number}: its geometry is no Polygon or MultiPolygon")
    try:
        polygons = [[[_corner(point) for point in ring] for ring in polygon] for polygon in rings]
    except (TypeError, ValueError, IndexError):
        raise ImportRefused(f"feature {number}: its coordinates cannot be read") from None
    corners = list(_corners(polygons))
    if not corners or not all(12 < longitude < 19 and 48 < latitude < 52 for longitude, latitude in corners):
        raise ImportRefused(f"feature {number}: not in degrees of WGS 84 (longitude, latitude), as GeoJSON has them")
    return polygons


def _corner(point: Sequence[float]) -> tuple[float, float]:
    return round(float(point[0]), _PLACES), round(float(point[1]), _PLACES)


def _corners(polygons: list[Any]) -> Iterator[tuple[float, float]]:
    for polygon in polygons:
        for ring in polygon:
            yield from ring
