"""Things with a known keeper that a message names: numbered roads, waters, railway crossings, neighbouring towns. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from packs import Pack
from packs.folding import fold, folded_words
from packs.rules import Named
from router.words import Phrases, Word

_ROMAN_ROAD = re.compile(r"\b(i{1,3})\s?/\s?(\d{1,5})\b")
_WRITTEN_ROAD = re.compile(r"\bsilnic\w*\s+(?:cislo\s+|c\.?\s*)?(\d{1,5})\b(?!\s*(?:met|m\b|km|let|dn))")
_MOTORWAY = re.compile(r"\b(?:dalnic\w*|na|u)\s+d\s?(\d{1,2})\b")
_CROSSING = re.compile(r"\bprejezd\w*\s+(?:c\.?\s*|cislo\s+)?p\s?(\d{1,5})\b|\bp\d{3,5}\b")
# Before a neighbour's name: there. After a direction it is still our place: `silnice na Dubnou`.
_THERE = {"v", "ve", "obec", "obci", "obce", "katastr", "katastru", "vesnice", "vesnici"}
_NEAR = 4
_FEMININE = ("a", "e", "u", "ou")


@dataclass(frozen=True)
class NamedThing:
    """What is named, and who keeps it: the slug of a body, None where it is the town's own."""

    kind: Named
    body: str | None


class KeeperFinder:
    """Prepared once for a pack."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        gazetteer = pack.gazetteer
        self._roads = {fold(road.number): road.body_type for road in gazetteer.roads}
        self._waters: Phrases[str | None] = Phrases(
            (
                (water.body_type, _whole(form))
                for water in gazetteer.watercourses
                # A lone name is too often something else (`lípa`); the forms say which words are safe.
                for form in (water.forms or [water.name])
            ),
            gap=0,
        )
        self._neighbours: Phrases[str] = Phrases(
            (
                (neighbour.body, _whole(form))
                for neighbour in gazetteer.neighbours
                for form in {neighbour.name, *neighbour.forms, *_declined(neighbour.name)}
            ),
            gap=0,
        )

    def named(self, text: str, words: Sequence[Word]) -> list[NamedThing]:
        """All that is named, roads before waters."""
        folded = fold(text)
        things = [NamedThing(Named.ROAD, self._body(owner)) for owner in self._road_owners(folded)]
        if _CROSSING.search(folded):
            things.append(NamedThing(Named.RAILWAY_CROSSING, self._body(self._pack.gazetteer.railway)))
        things += [NamedThing(Named.WATERCOURSE, self._body(hit.owner)) for hit in self._waters.find(words)]
        for hit in self._neighbours.find(words):
            before = [word.folded for word in words[max(0, hit.first - _NEAR) : hit.first]]
            if before and before[-1] in _THERE:
                things.append(NamedThing(Named.NEIGHBOUR, hit.owner))
            elif "mezi" in before or (before[-1:] == ["do"] and any(word.startswith("silnic") for word in before)):
                things.append(NamedThing(Named.WAY_TO_NEIGHBOUR, None))
        return things

    def _road_owners(self, folded: str) -> list[str]:
        owners = self._pack.gazetteer.road_owners
        by_class = {"i": owners.first, "ii": owners.second, "iii": owners.third}
        found = [self._roads.get(f"{road[1]}/{road[2]}") or by_class[road[1]] for road in _ROMAN_ROAD.finditer(folded)]
        # One or two digits: I. class, three: II., more: III.
        by_digits = {1: owners.first, 2: owners.first, 3: owners.second}
        found += [by_digits.get(len(road[1]), owners.third) for road in _WRITTEN_ROAD.finditer(folded)]
        return found + [owners.motorway for _ in _MOTORWAY.finditer(folded)]

    def _body(self, body_type: str | None) -> str | None:
        body = self._pack.body_of_type(body_type) if body_type is not None else None
        return body.slug if body is not None else None


def _whole(name: str) -> str:
    return " ".join(f"{word}." for word in folded_words(name))


def _declined(name: str) -> list[str]:
    return [name[:-1] + ending for ending in _FEMININE] if fold(name).endswith("a") else []
