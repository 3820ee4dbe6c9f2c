"""What a phrase of a pack means: beginnings of words, looked for in folded text."""

from dataclasses import dataclass
from functools import lru_cache

from packs.folding import folded_words

_WHOLE_UP_TO = 3


@dataclass(frozen=True)
class Stem:
    """The beginning of a word, or all of it."""

    text: str
    whole: bool

    def begins(self, word: str) -> bool:
        """Whether a folded word fits."""
        return word == self.text if self.whole else word.startswith(self.text)

    def covers(self, narrower: "Stem") -> bool:
        """Whether every word that fits the narrower one fits this."""
        if self.whole:
            return narrower == self
        return narrower.text.startswith(self.text)


@lru_cache(maxsize=16_384)
def stems(phrase: str) -> tuple[Stem, ...]:
    """The stems of a phrase in order.

    A word of up to three letters is meant whole, because `led` is no beginning of `ledviny`; `srn*` is one all the same.
    A longer word that ends with a full stop is meant whole: `hoří.`
    """
    found = []
    for part in phrase.split():
        folded = folded_words(part)
        for number, text in enumerate(folded):
            last = number == len(folded) - 1
            short = len(text) <= _WHOLE_UP_TO and not part.endswith("*")
            found.append(Stem(text, not last or short or part.endswith(".")))
    return tuple(found)
