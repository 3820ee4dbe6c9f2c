"""Where it is: street and house, a known place, a lamp's number, coordinates. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rapidfuzz import process
from rapidfuzz.distance import OSA

from packs import Pack
from packs.folding import folded_words
from router.matter import Matter, Position
from router.places.geography import Geography
from router.places.notations import in_the_country, position_in
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

# Endings of adjectives in names of streets, folded: Husova, Husově, Husovu, Husovou; Dlouhá, Dlouhé, Dlouhou.
_FEMININE = ("a", "e", "u", "ou", "y", "ej")
_SOFT = ("", "ho", "mu", "m", "ch")
_NOUNS = {
    "namesti": ("namesti", "namestim"),
    "sidliste": ("sidliste", "sidlisti", "sidlistem", "sidlak", "sidlaku"),
    "nabrezi": ("nabrezi", "nabrezim"),
    "most": ("most", "mostu", "moste", "mostem"),
    "namestim": ("namestim",),
}
_SHORTEST_WITH_A_SLIP, _LONG_WORD = 5, 9
# An adjective before one of these is no street: `lesní cesta`, `dlouhá doba`.
_NO_STREET = (
    "cest", "hrist", "budov", "zon", "dob", "jideln", "druzin", "pozem", "lavic", "kol", "prac", "prazdn", "rok", "lamp",
    "krizov", "podchod", "park", "trat", "dvor", "chvil", "ulick", "zahrad", "louk", "strom", "kvet", "areal", "hal", "rad",
    "kanaliz", "odpad", "jizd", "pamat", "vec", "cas", "ryb", "vod",
)  # fmt: skip
_BEFORE_STREET = {
    "v",
    "ve",
    "na",
    "z",
    "ze",
    "do",
    "k",
    "ke",
    "od",
    "ulice",
    "ulici",
    "ul",
    "ulic",
    "u",
    "roh",
    "rohu",
    "a",
}
_STREET = {"ulice", "ulici", "ul", "ulicí", "ulic"}


@dataclass(frozen=True)
class WhereItIs:
    """A place as it can be said back: `Husova 12`. Personal, but for the district."""

    phrase: str | None = None
    district: str | None = None
    coordinates: Position | None = None
    street: str | None = None
    number: str | None = None
    neighbour: str | None = None
    """Body of the neighbouring town in which it is."""
    doubtful: bool = False
    """So near the border, or so far out, that a person has to look."""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Known:
    name: str
    district: str | None
    rank: int
    """A street says more than a landmark, that more than a district."""
    doubtful: bool = False
    """An everyday adjective too: `Polní`, `Krátká`."""


class PlaceFinder:
    """Prepared once for a town's gazetteer."""

    def __init__(self, pack: Pack) -> None:
        self._names: Phrases[_Known] = Phrases(_forms(pack), gap=0)
        self._geography = Geography(pack)
        self._street_forms = _street_forms(pack)

    def find(self, matter: Matter) -> WhereItIs:
        """The best place that the words or the photos give."""
        coordinates, how = _coordinates(matter)
        reasons = [] if how is None else [how]
        named = WhereItIs()
        for words, written in ((matter.text, matter.written), (matter.subject, matter.title)):
            if named.phrase is None:
                named = self._named(words, written)
        reasons += named.reasons
        phrase = named.phrase
        if phrase is None:
            phrase, how_else = _instead(matter)
            reasons += [how_else] if how_else else []
        lamp = _LAMP.search(matter.written) or _LAMP.search(matter.title)
        if lamp is not None:
            phrase = f"{phrase}, lampa č. {lamp[1]}" if phrase else f"lampa č. {lamp[1]}"
            reasons.append("place.lamp")
        if phrase is None and coordinates is not None:
            phrase = "podle polohy ve fotografii" if how == "place.photo" else _in_words(coordinates)
        where = replace(named, phrase=phrase, coordinates=coordinates, reasons=tuple(reasons))
        return self._surrounded(where) if coordinates is not None else self._housed(where)

    def _housed(self, where: WhereItIs) -> WhereItIs:
        """With the position of the house, where the register has it."""
        if where.street is None or where.number is None:
            return where
        house = self._geography.house(where.street, where.number, where.district)
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
        hits = [hit for hit in self._names.find(words) if hit.owner.rank == 0 and _sure(hit, words)]
        named = {number for hit in hits for number in range(hit.first, hit.last + 1)}
        return [word for number, word in enumerate(words) if number not in named]

    def _named(self, words: Sequence[Word], written: str) -> WhereItIs:
        found = _best([hit for hit in self._names.find(words) if _sure(hit, words)])
        if not found:
            return self._misspelt(words, written)
        first = found[0]
        known = first.owner
        if known.rank > 0:
            return WhereItIs(
                known.name, known.district, reasons=("place.landmark" if known.rank == 1 else "place.district",)
            )
        others = [hit.owner.name for hit in found if hit.owner.rank == 0 and hit.owner.name != known.name]
        if others and _CORNER.search(written):
            phrase = f"roh {known.name} a {others[0]}"
            return WhereItIs(phrase, known.district, street=known.name, reasons=("place.corner",))
        number = _house_number(first, words, written)
        phrase = f"{known.name} {number}" if number else known.name
        return WhereItIs(phrase, known.district, street=known.name, number=number, reasons=("place.street",))

    def _misspelt(self, words: Sequence[Word], written: str) -> WhereItIs:
        """A street whose name has a slip of the finger, where the words around say that it is a street."""
        for number, word in enumerate(words):
            if len(word.folded) < _SHORTEST_WITH_A_SLIP or not _like_a_street(number, words):
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
        return WhereItIs()


def _street_forms(pack: Pack) -> dict[str, _Known]:
    """Streets of one word by each of their forms."""
    forms = ((owner, form) for owner, form in _forms(pack) if owner.rank == 0 and " " not in form)
    return {form.rstrip("."): owner for owner, form in forms}


def _like_a_street(number: int, words: Sequence[Word]) -> bool:
    before = words[number - 1].folded if number else ""
    after = words[number + 1].folded if number + 1 < len(words) else ""
    return (
        before in _BEFORE_STREET - _STREET and (words[number].raw[0].isupper() or after.isdigit() or after in _STREET)
    ) or before in _STREET


def _forms(pack: Pack) -> Iterator[tuple[_Known, str]]:
    gazetteer = pack.gazetteer
    districts, further = defaultdict[str, set[str]](set), defaultdict[str, list[str]](list)
    for street in gazetteer.streets:
        districts[street.name].add(street.district)
        further[street.name] += street.forms
    for registered in pack.addresses:
        if registered.street is not None:
            districts[registered.street].add(registered.district)
    for name, there in districts.items():
        # A street that runs through two parts of the town tells neither.
        owner = _Known(name, min(there) if len(there) == 1 else None, 0, _is_everyday(name))
        for form in {*_declined(name), *(_whole(form) for form in further[name])}:
            yield owner, form
    for landmark in gazetteer.landmarks:
        owner = _Known(landmark.name, landmark.district, 1)
        for form in {_whole(landmark.name), *(_whole(form) for form in landmark.forms)}:
            yield owner, form
    for district in gazetteer.districts:
        owner = _Known(district.name, district.slug, 2)
        for form in {*_declined(district.name), *(_whole(form) for form in district.forms)}:
            yield owner, form


def _whole(name: str) -> str:
    return " ".join(f"{word}." for word in folded_words(name))


def _declined(name: str) -> set[str]:
    """The forms of a name; only its first word changes, the rest is a genitive already."""
    first, *rest = folded_words(name)
    tail = "".join(f" {word}." for word in rest)
    if first in _NOUNS:
        forms: Sequence[str] = _NOUNS[first]
    elif first.endswith("a") and len(first) > 3:
        forms = [first[:-1] + ending for ending in _FEMININE]
    elif first.endswith("ni") and len(first) > 3:
        forms = [first + ending for ending in _SOFT]
    else:
        forms = [first]
    return {f"{form}.{tail}" for form in forms}


def _is_everyday(name: str) -> bool:
    folded = folded_words(name)
    # Husova and Masarykova can be nothing else; Polní, Krátká and Školní can.
    return len(folded) == 1 and not folded[0].endswith(("ova", "eho"))


def _sure(hit: Found[_Known], words: Sequence[Word]) -> bool:
    """Whether an everyday adjective is meant as a street here."""
    if not hit.owner.doubtful:
        return True
    before = words[hit.first - 1].folded if hit.first else ""
    after = words[hit.last + 1].folded if hit.last + 1 < len(words) else ""
    if before in _STREET or after in _STREET or after.isdigit():
        return True
    if after.startswith(_NO_STREET):
        return False
    written_large = words[hit.first].raw[0].isupper() and hit.first > 0
    return before in _BEFORE_STREET or written_large


def _best(found: Sequence[Found[_Known]]) -> list[Found[_Known]]:
    """Streets first, then landmarks, then districts; the longer name first, then the one that is said first."""
    return sorted(found, key=lambda hit: (hit.owner.rank, hit.first - hit.last, hit.first))


def _house_number(hit: Found[_Known], words: Sequence[Word], written: str) -> str | None:
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
