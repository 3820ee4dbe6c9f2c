"""Where it is: street and house, a known place, a lamp's number, coordinates. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rapidfuzz import process
from rapidfuzz.distance import OSA

from packs import Pack
from router.matter import Matter, Position
from router.places.geography import Geography, House
from router.places.names import Known, Rank, best_first, forms_of, is_sure, like_a_street, street_forms
from router.places.notations import in_the_country, position_in
from router.places.wording import PlaceWords
from router.words import Found, Phrases, Word

# What may stand between a street's name and the number of the house.
_TO_NUMBER = re.compile(
    r"^\s*(?:(?:ulic[ei]|ul\.)\s*)?,?\s*(?:(?:u|před|naproti|vedle|za|proti)\s+)?(?:domu?\s+)?"
    r"(?:(?:č|c)\.?\s*(?:p|o|d)?\.?|čp|cp|č[íi]s(?:la|le|lem|lo)|cis(?:la|le|lem|lo)|dům)?\s*"
    r"(\d{1,4}(?:/\d{1,4})?\s?[a-dA-D]?)\b(?!\s*(?:\.\s*\d|hod|let|dn[íiů]|dny|min|met|m\b|cm|ks|aut|kor|[.:]\d\d|krát|x\b|%))",
    re.IGNORECASE,
)
_LAMP = re.compile(
    r"\b(?:lamp\w*|sloup\w*|stožár\w*|stozar\w*|svítidl\w*)\s+(?:vo\s*)?(?:s\s+)?(?:č(?:ísl\w+|\.)?|c\.|cisl\w+|štítek)?\s*(\d{1,5})\b(?!\s*(?:dn|hod|met|ks|let|min))",
    re.IGNORECASE,
)
_CORNER = re.compile(r"\b(?:roh\w*|křižovat\w*|krizovat\w*|křížení|krizeni)\b", re.IGNORECASE)
# What stands instead of an address; the first that is there is said.
_INSTEAD = (
    ("place.kilometre", re.compile(r"\b(?:na\s)?(?:\d{1,3}(?:[.,]\d{1,3})?\.?\s?km|km\s?\d{1,3}(?:[.,]\d{1,3})?|kilometr\w{0,3}\s\d{1,3}(?:[.,]\d{1,3})?)"
     r"(?:\s\w{1,12}){0,3}\s(?:[iI]{1,3}/\d{1,5}|[dD]\s?\d{1,2})\b|\b(?:[iI]{1,3}/\d{1,5}|[dD]\d{1,2})(?:\s\w{1,12}){0,3}[,\s]{1,3}(?:km\s?\d{1,3}(?:[.,]\d{1,3})?|\d{1,3}(?:[.,]\d{1,3})?\.?\s?km)")),
    ("place.crossing", re.compile(r"\b(?:přejezd\w{0,2}|prejezd\w{0,2})\s(?:č\.?\s?|c\.?\s?|číslo\s|cislo\s)?[pP]\s?\d{3,5}\b")),
    ("place.parcel", re.compile(r"\b(?:parc(?:ela|ele|elu|elou|ely)?\.?|pozemk?\w{0,3})\s(?:č\.?\s?|číslo\s|c\.?\s?|st\.\s?){0,2}\d{1,5}(?:/\d{1,4})?\b|\bp\.\s?č\.\s?\d{1,5}(?:/\d{1,4})?", re.IGNORECASE)),
)  # fmt: skip

_SHORTEST_WITH_A_SLIP, _LONG_WORD = 5, 9


@dataclass(frozen=True)
class WhereItIs:
    """A place as it can be said back: `Husova 12`. Personal, but for the district."""

    phrase: str | None = None
    district: str | None = None
    coordinates: Position | None = None
    wording: str | None = None
    """The writer's own words for it: `naproti škole za mostem`."""
    street: str | None = None
    number: str | None = None
    neighbour: str | None = None
    """Body of the neighbouring town in which it is."""
    doubtful: bool = False
    """So near the border, so far out, or so like another place that a person has to look."""
    reasons: tuple[str, ...] = ()


class PlaceFinder:
    """Prepared once for a town's gazetteer, and for what was learnt of words that say where; without that, no wording."""

    def __init__(self, pack: Pack, place_words: PlaceWords | None = None) -> None:
        self._place_words = place_words
        self._names: Phrases[Known] = Phrases(forms_of(pack), gap=0)
        self._geography = Geography(pack)
        self._street_forms = street_forms(pack)

    def find(self, matter: Matter) -> WhereItIs:
        """The best place that the words or the photos give."""
        coordinates, how = _coordinates(matter)
        reasons = [] if how is None else [how]
        named, wording = WhereItIs(), None
        for words, written in ((matter.text, matter.written), (matter.subject, matter.title)):
            run = self._wording(words, written)
            wording = wording or (_as_written(run, words, written) if run is not None else None)
            if named.phrase is None:
                there = self._named(words, written, run)
                named = named if named.doubtful and there.phrase is None else there
        reasons += named.reasons
        phrase = named.phrase
        if phrase is None:
            phrase, how_else = _instead(matter)
            reasons += [how_else] if how_else else []
        lamp = _LAMP.search(matter.written) or _LAMP.search(matter.title)
        if lamp is not None:
            phrase = f"{phrase}, lampa č. {lamp[1]}" if phrase else f"lampa č. {lamp[1]}"
            reasons.append("place.lamp")
        if phrase is None and wording is None and coordinates is not None:
            phrase = "podle polohy ve fotografii" if how == "place.photo" else _in_words(coordinates)
        if phrase is None and wording is not None:
            phrase = wording
            reasons.append("place.own-words")
        where = replace(named, phrase=phrase, wording=wording, coordinates=coordinates, reasons=tuple(reasons))
        return self._surrounded(where) if coordinates is not None else self._housed(where)

    def _housed(self, where: WhereItIs) -> WhereItIs:
        """With the position of the house, where the register has it. What two streets or two houses fit is for a person."""
        houses = frozenset[House]()
        if where.street is not None and where.number is not None:
            houses = self._geography.houses(where.street, where.number, where.district)
        if where.doubtful or len(houses) > 1:
            return replace(where, doubtful=True, reasons=(*where.reasons, "place.two-fit"))
        house = next(iter(houses), None)
        return where if house is None else replace(where, coordinates=house.position, district=house.district)

    def _surrounded(self, where: WhereItIs) -> WhereItIs:
        """With what the outlines say of the position. A district that was named is kept."""
        if where.coordinates is None:
            return where
        around = self._geography.around(where.coordinates)
        reason = None
        if around.near_border:
            reason = "place.near-border"
        elif around.neighbour is not None and not around.in_town:
            reason = "place.in-neighbour"
        elif around.in_town is False:
            reason = "place.outside"
        return replace(
            where,
            district=where.district or around.district,
            neighbour=around.neighbour if reason == "place.in-neighbour" else None,
            doubtful=reason in ("place.near-border", "place.outside"),
            reasons=where.reasons if reason is None else (*where.reasons, reason),
        )

    def without_streets(self, words: Sequence[Word]) -> list[Word]:
        """The words without names of streets: `Nádražní` says nothing of trains."""
        hits = [hit for hit in self._names.find(words) if hit.owner.rank == Rank.STREET and is_sure(hit, words)]
        named = {number for hit in hits for number in range(hit.first, hit.last + 1)}
        return [word for number, word in enumerate(words) if number not in named]

    def named_words(self, words: Sequence[Word]) -> frozenset[int]:
        """Which words are of a name that the gazetteer knows."""
        hits = self._names.find(words)
        return frozenset(number for hit in hits for number in range(hit.first, hit.last + 1))

    def _wording(self, words: Sequence[Word], written: str) -> tuple[int, int] | None:
        if self._place_words is None:
            return None
        return self._place_words.find(written, words, self.named_words(words))

    def _named(self, words: Sequence[Word], written: str, run: tuple[int, int] | None) -> WhereItIs:
        """`run`: the words that say where it is; a street among them comes before one that is only told of."""
        found = best_first([hit for hit in self._names.find(words) if is_sure(hit, words)], run)
        if not found:
            return self._misspelt(words, written)
        first = found[0]
        known = first.owner
        if known.rank > Rank.STREET:
            return WhereItIs(
                known.name,
                known.district,
                reasons=("place.landmark" if known.rank == Rank.LANDMARK else "place.district",),
            )
        others = [hit.owner.name for hit in found if hit.owner.rank == Rank.STREET and hit.owner.name != known.name]
        if others and _CORNER.search(written):
            phrase = f"roh {known.name} a {others[0]}"
            return WhereItIs(phrase, known.district, street=known.name, reasons=("place.corner",))
        number = _house_number(first, words, written)
        phrase = f"{known.name} {number}" if number else known.name
        district = known.district or next(
            (hit.owner.district for hit in found if hit.owner.rank == Rank.DISTRICT), None
        )
        return WhereItIs(phrase, district, street=known.name, number=number, reasons=("place.street",))

    def _misspelt(self, words: Sequence[Word], written: str) -> WhereItIs:
        """A street whose name has a slip of the finger, where the words around say that it is a street."""
        several = False
        for number, word in enumerate(words):
            if len(word.folded) < _SHORTEST_WITH_A_SLIP or not like_a_street(number, words):
                continue
            most = 1 if len(word.folded) < _LONG_WORD else 2
            alike = process.extract(
                word.folded, self._street_forms.keys(), scorer=OSA.distance, score_cutoff=most, limit=5
            )
            owners = {self._street_forms[form] for form, distance, _ in alike if distance == alike[0][1]}
            if len(owners) == 1:
                known = owners.pop()
                house = _house_number(Found(known, "", number, number), words, written)
                phrase = f"{known.name} {house}" if house else known.name
                reasons = ("place.street", "place.misspelt")
                return WhereItIs(phrase, known.district, street=known.name, number=house, reasons=reasons)
            several = several or len(owners) > 1
        return WhereItIs(doubtful=several)


def _house_number(hit: Found[Known], words: Sequence[Word], written: str) -> str | None:
    match = _TO_NUMBER.match(written[words[hit.last].end :])
    return re.sub(r"\s+", "", match[1]) if match else None


def _instead(matter: Matter) -> tuple[str | None, str | None]:
    for reason, pattern in _INSTEAD:
        for text in (matter.written, matter.title):
            if match := pattern.search(text):
                return " ".join(match[0].split()), reason
    return None, None


def _coordinates(matter: Matter) -> tuple[Position | None, str | None]:
    for text in (matter.written, matter.title):
        if (found := position_in(text)) is not None:
            return found
    photo = next((position for position in matter.case.photo_positions if in_the_country(position)), None)
    return photo, None if photo is None else "place.photo"


def _in_words(position: Position) -> str:
    return f"{position.latitude:.5f}, {position.longitude:.5f}"


def _as_written(run: tuple[int, int], words: Sequence[Word], written: str) -> str:
    first, last = words[run[0]], words[run[1]]
    return " ".join(written[first.end - len(first.raw) : last.end].split())
