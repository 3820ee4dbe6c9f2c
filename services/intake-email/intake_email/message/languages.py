"""A cheap guess of the language of a text: letters that only one language has, then its small words."""

import re

_SAMPLE = 2_000
_WORD = re.compile(r"[^\W\d_]+")
_LETTERS = {
    "cs": frozenset("ěřů"),
    "sk": frozenset("ľĺŕôä"),
    "pl": frozenset("ąęłśźżń"),
    "de": frozenset("ßüö"),
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SMALL_WORDS = {
    "cs": _words(
        "je jsem jsou se na ve že by pro jak ale nebo není už tam kde který která bych jsme od dobrý den prosím děkuji neni prosim dekuji "
        "uz ktera ktery dobry zde pri při"
    ),
    "sk": _words(
        "je som sú sa na vo že by pre ako ale alebo nie už tam kde ktorý ktorá sme od dobrý deň prosím ďakujem pri"
    ),
    "en": _words("the is are and of to in on for with not this that have it you we please there street my at from"),
    "de": _words("der die das ist sind und nicht ein eine auf in mit von zu für ich wir sie bitte es dem den im seit"),
    "pl": _words(
        "jest są się na w że by dla jak ale lub nie już tam gdzie który która od dzień dobry proszę dziękuję przy"
    ),
}
_UKRAINIAN = frozenset("іїєґ")
_RUSSIAN = frozenset("ыэъё")


def guess(text: str) -> str | None:
    """ISO 639-1 code, None where there is too little to go by. Cyrillic without a telling letter counts as Ukrainian."""
    sample = text[:_SAMPLE].lower()
    if not sample.isascii():
        cyrillic = sum(1 for letter in sample if "\u0400" <= letter <= "\u04ff")
        letters = sum(1 for letter in sample if letter.isalpha())
        if cyrillic * 10 > letters * 3:
            russian = sum(sample.count(letter) for letter in _RUSSIAN)
            return "ru" if russian > sum(sample.count(letter) for letter in _UKRAINIAN) else "uk"
    words = _WORD.findall(sample)
    found = set(sample)
    scores = {
        language: sum(1 for word in words if word in small) + 2 * len(found & _LETTERS.get(language, frozenset()))
        for language, small in _SMALL_WORDS.items()
    }
    best = max(scores, key=lambda language: scores[language])
    return best if scores[best] >= 2 else None
