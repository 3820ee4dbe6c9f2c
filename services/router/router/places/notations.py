"""Coordinates as people and their telephones write them. Pure.

All patterns have bounded parts, so that no text makes them slow. Whatever is read must lie in the country, which also tells a
pair of latitude and longitude from one that is turned round.
"""

import re
from collections.abc import Callable
from functools import cache

from pyproj import Transformer

from router.matter import Position

_NUMBER = r"(\d{1,2}[.,]\d{3,10})"
_BETWEEN = r"\s{0,3}[,;/&]?\s{0,3}"
_LINK_PAIRS = re.compile(
    r"(?:[?&](?:q|ll|query|center|daddr|destination|mlat|sll|cp)=|[@#]|geo:|/place/|map=\d{1,2}(?:\.\d{1,2})?/)"
    r"(?:loc:)?(-?\d{1,3}\.\d{2,15})(?:,|%2[Cc]|/|&mlon=|~)(-?\d{1,3}\.\d{2,15})"
)
_LINK_X = re.compile(r"[?&]x=(\d{2}\.\d{2,15})")
_LINK_Y = re.compile(r"[?&]y=(\d{2}\.\d{2,15})")
_LINK_3D = re.compile(r"!3d(\d{2}\.\d{2,15})!4d(\d{2}\.\d{2,15})")
_DECIMAL = re.compile(
    rf"(?<![\d.,])(?:(?:lat(?:itude)?|n|gps|z\.?\s?š\.?)\s?[:=]?\s?)?{_NUMBER}\s?°?\s?[ns]?{_BETWEEN}"
    rf"(?:(?:lon(?:gitude|g)?|y|e|z\.?\s?d\.?)\s?[:=]?\s?)?0?{_NUMBER}(?!\d)",
    re.IGNORECASE,
)
_PART = r"0?(\d{{1,2}})\s?[°º]\s{{0,2}}(\d{{1,2}}(?:[.,]\d{{1,6}})?)\s?(?:['\u2032\u00b4\u2019]\s{{0,2}})?(?:(\d{{1,2}}(?:[.,]\d{{1,4}})?)\s?(?:[\"\u2033\u201c\u201d]|'')?)?\s?[{}]?"
_DEGREES = re.compile(
    rf"n?\s?{_PART.format('ns')}{_BETWEEN}e?\s?{_PART.format('ev')}",
    re.IGNORECASE,
)
_METRES = re.compile(
    r"(?<![\d.,])(?:[yx]\s?[:=]?\s?)?-?(\d{6,7}(?:[.,]\d{1,3})?)\s{0,3}m?[,;/]?\s{0,3}(?:[yx]\s?[:=]?\s?)?-?(\d{6,7}(?:[.,]\d{1,3})?)(?!\d)",
    re.IGNORECASE,
)
_LONGEST = 20_000


def position_in(text: str) -> tuple[Position, str] | None:
    """The first position that a text gives, and the id of how it was written; links before numbers."""
    text = text[:_LONGEST]
    for reason, read in _READERS:
        if (found := read(text)) is not None:
            return found, reason
    return None


def in_the_country(position: Position) -> bool:
    """A rough frame of the Czech Republic: photos from holidays tell nothing."""
    return 48.5 <= position.latitude <= 51.1 and 12.0 <= position.longitude <= 18.9


def _link(text: str) -> Position | None:
    x, y = _LINK_X.search(text), _LINK_Y.search(text)
    if x and y and (found := _pair(y[1], x[1])):
        return found
    for match in (*_LINK_3D.finditer(text), *_LINK_PAIRS.finditer(text)):
        if found := _pair(match[1], match[2]):
            return found
    return None


def _decimal(text: str) -> Position | None:
    return next((found for match in _DECIMAL.finditer(text) if (found := _pair(match[1], match[2]))), None)


def _degrees(text: str) -> Position | None:
    for match in _DEGREES.finditer(text):
        parts = [float((part or "0").replace(",", ".")) for part in match.groups()]
        latitude, longitude = (
            degrees + minutes / 60 + seconds / 3600 for degrees, minutes, seconds in (parts[:3], parts[3:])
        )
        if found := _pair(str(round(latitude, 6)), str(round(longitude, 6))):
            return found
    return None


def _metres(text: str) -> Position | None:
    """S-JTSK, as the cadastre writes it: Y 431000 to 905000, X 935000 to 1228000, with or without their minus."""
    for match in _METRES.finditer(text):
        first, second = (float(number.replace(",", ".")) for number in match.groups())
        y, x = sorted((first, second))
        if 430_000 <= y <= 906_000 and 934_000 <= x <= 1_229_000:
            longitude, latitude = _from_sjtsk().transform(-y, -x)
            position = Position(round(latitude, 6), round(longitude, 6))
            if in_the_country(position):
                return position
    return None


_READERS: tuple[tuple[str, Callable[[str], Position | None]], ...] = (
    ("place.map-link", _link),
    ("place.coordinates", _degrees),
    ("place.coordinates", _decimal),
    ("place.coordinates", _metres),
)


@cache
def _from_sjtsk() -> Transformer:
    return Transformer.from_crs(5514, 4326, always_xy=True)


def _pair(first: str, second: str) -> Position | None:
    one, other = float(first.replace(",", ".")), float(second.replace(",", "."))
    return next((found for found in (Position(one, other), Position(other, one)) if in_the_country(found)), None)
