"""The names of a town's places in all the forms in which they are said. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from packs import Pack
from packs.folding import folded_words
from router.words import Found, Word

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
_MEANS_STREET = {"ulice", "ulici", "ul", "ulicí", "ulic"}


class Rank(IntEnum):
    """How much a name says: a street more than a landmark, that more than a district."""

    STREET = 0
    LANDMARK = 1
    DISTRICT = 2


@dataclass(frozen=True)
class Known:
    """A name of the gazetteer."""

    name: str
    district: str | None
    rank: Rank
    doubtful: bool = False
    """An everyday adjective too: `Polní`, `Krátká`."""


def street_forms(pack: Pack) -> dict[str, Known]:
    """Streets of one word by each of their forms."""
    forms = ((owner, form) for owner, form in forms_of(pack) if owner.rank == Rank.STREET and " " not in form)
    return {form.rstrip("."): owner for owner, form in forms}


def like_a_street(number: int, words: Sequence[Word]) -> bool:
    """Whether the words around say that this one is a street."""
    before = words[number - 1].folded if number else ""
    after = words[number + 1].folded if number + 1 < len(words) else ""
    return (
        before in _BEFORE_STREET - _MEANS_STREET
        and (words[number].raw[0].isupper() or after.isdigit() or after in _MEANS_STREET)
    ) or before in _MEANS_STREET


def forms_of(pack: Pack) -> Iterator[tuple[Known, str]]:
    """Every name of the gazetteer in each form in which it is said."""
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
        owner = Known(name, min(there) if len(there) == 1 else None, Rank.STREET, _is_everyday(name))
        for form in {*_declined(name), *(_whole(form) for form in further[name])}:
            yield owner, form
    for landmark in gazetteer.landmarks:
        owner = Known(landmark.name, landmark.district, Rank.LANDMARK)
        for form in {_whole(landmark.name), *(_whole(form) for form in landmark.forms)}:
            yield owner, form
    for district in gazetteer.districts:
        owner = Known(district.name, district.slug, Rank.DISTRICT)
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


def is_sure(hit: Found[Known], words: Sequence[Word]) -> bool:
    """Whether an everyday adjective is meant as a street here."""
    if not hit.owner.doubtful:
        return True
    before = words[hit.first - 1].folded if hit.first else ""
    after = words[hit.last + 1].folded if hit.last + 1 < len(words) else ""
    if before in _MEANS_STREET or after in _MEANS_STREET or after.isdigit():
        return True
    if after.startswith(_NO_STREET):
        return False
    written_large = words[hit.first].raw[0].isupper() and hit.first > 0
    return before in _BEFORE_STREET or written_large


def best_first(found: Sequence[Found[Known]], run: tuple[int, int] | None = None) -> list[Found[Known]]:
    """Streets first, then landmarks, then districts; of each those within `run`, the longer name, the one that is said first."""

    def within(hit: Found[Known]) -> bool:
        return run is not None and run[0] <= hit.first and hit.last <= run[1]

    return sorted(found, key=lambda hit: (hit.owner.rank, not within(hit), hit.first - hit.last, hit.first))
