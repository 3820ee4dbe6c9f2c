"""Words of a case as they are searched: folded, without endings, so that `chodník`, `na chodnících` and `chodniku` meet.

A word's form is equal or it is not: a search by equality is read from the index in the order of the list, however many cases
there are. A light stemmer for folded Czech is enough for that; it errs on the side of finding too much.
"""

from collections.abc import Iterable

from packs.folding import fold, folded_words

MOST_WORDS = 400
SEARCHED_WORDS = 8
_LONGEST_WORD = 40
_SHORTEST_STEM = 3

# Longest first; what is left must keep `_SHORTEST_STEM` letters.
_ENDINGS = (
    "atech",
    "ami", "emi", "imi", "ymi", "ich", "ych", "ach", "ech", "emu", "iho", "eho", "imu", "ata", "aty",
    "ou", "em", "im", "ym", "am", "um", "at", "os", "us", "ho", "mu",
    "a", "e", "i", "o", "u", "y",
)  # fmt: skip
_SOFTENED = {"c": "k", "z": "h"}


def stem(word: str) -> str:
    """A folded word without its ending: `lampy` and `lampou` give `lamp`, `chodnicich` and `chodniku` give `chodnik`."""
    if any(sign.isdigit() for sign in word):
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            word = word[: -len(ending)]
            break
    if len(word) > _SHORTEST_STEM and word.endswith("ek"):
        # The vowel that comes and goes: `lavicek`, `lavicka`.
        word = word[:-2] + "k"
    return word[:-1] + _SOFTENED.get(word[-1], word[-1]) if len(word) > _SHORTEST_STEM else word


def searchable(texts: Iterable[str | None], names: Iterable[str | None] = ()) -> list[str]:
    """What a case is found by: stems of the texts, and `names` (numbers, addresses) as they are, folded. At most 400."""
    found: dict[str, None] = {}
    for name in names:
        if name:
            found[fold(name)[:100]] = None
    for text in texts:
        for word in folded_words(text or ""):
            if _tells(word):
                found[stem(word)] = None
                if len(found) >= MOST_WORDS:
                    return list(found)
    return list(found)


def with_words(words: Iterable[str], *texts: str | None) -> list[str]:
    """The words of a case with those of further texts, each once."""
    return list(dict.fromkeys([*words, *searchable(texts)]))[:MOST_WORDS]


def searched(query: str) -> list[str]:
    """What a query asks for, all of it to be found: the longest, most telling words first."""
    wanted: dict[str, None] = {}
    for piece in query.split():
        folded = fold(piece).strip(",;()\"'")
        if "@" in folded or (folded[:4].isdigit() and folded[4:5] == "-"):
            wanted[folded[:100]] = None
        else:
            wanted.update((stem(word), None) for word in folded_words(piece) if _tells(word))
    return sorted(wanted, key=len, reverse=True)[:SEARCHED_WORDS]


def _tells(word: str) -> bool:
    """Whether a word is worth keeping: not `v`, `se`, `je`, but `12`."""
    return len(word) <= _LONGEST_WORD and (len(word) >= _SHORTEST_STEM or word.isdigit())
