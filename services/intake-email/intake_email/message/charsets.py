"""Bytes to text, whatever the sender declares: Czech mail lies about its charset in both directions. Never raises."""

# ruff: noqa: RUF001 - typographic quotes and dashes are what is looked for

import codecs
import re
import unicodedata

_TRUSTED_FAMILIES = re.compile(
    r"^(utf-?(7|8|16|32)([-_]?(le|be|sig))?|iso-?8859-?\d+|latin-?\d+|cp-?\d+|windows-?\d+|ibm-?\d+|koi8-?[a-z]+|mac-?\w+"
    r"|gb\w+|hz(-gb-2312)?|big5\w*|shift[-_]?jis\w*|s-?jis|euc-?\w+|iso-?2022-?\w+|tis-?620|us-?ascii|ascii)$"
)
"""Codecs of text only: Python also knows `punycode` or `unicode_escape`, which a sender must not choose."""
_STATEFUL = re.compile(r"^(utf-?(7|16|32)|iso-?2022|hz)")
"""Charsets whose bytes may all be below 128 though the text is not ASCII."""
_WESTERN = frozenset({"ascii", "iso8859-1", "iso8859-15", "cp1252"})
_CENTRAL = frozenset({"cp1250", "iso8859-2"})

_CZECH = frozenset("áčďéěíňóřšťúůýžÁČĎÉĚÍŇÓŘŠŤÚŮÝŽ")
_NEIGHBOURS = frozenset("äöüßÄÖÜľĺŕôĽĹŔÔ„“”‚‘’–—…€§°´\u00a0·•")
_ONLY_CZECH = frozenset("ěřůĚŘŮ")
_TELLING = frozenset("ěščřžůťďňýáí")
_PLAIN_CZECH_WORDS = re.compile(
    r"\b(na|jsem|jsou|pro|den|nebo|tam|kde|ale|jak|po|od|za|ke|by|tak|to|ulice|ulici|u|si|mi)\b", re.I
)
_SAMPLE = 16_384

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufeff\ufff9-\ufffb]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def decode(content: bytes, declared: str | None) -> tuple[str, list[str]]:
    """The text and what was wrong with its declaration (`charset-lie`, `-unknown`, `-missing`, `-broken`).

    Order of belief: a byte order mark, valid UTF-8, the declared charset, then the single-byte charset of Central Europe
    that gives the most Czech letters. Line ends are LF, control characters are gone, letters are composed (NFC).
    """
    text, defects = _decode(content, declared)
    return clean(text), defects


def clean(text: str) -> str:
    """Text that can stand in JSON and on a page: no control characters, no lone surrogates, LF, NFC."""
    text = _CONTROLS.sub("", _LINE_ENDS.sub("\n", text))
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _SURROGATES.sub("\ufffd", text))


def _decode(content: bytes, declared: str | None) -> tuple[str, list[str]]:
    codec, defects = _codec(declared)
    stateful = codec if codec is not None and _STATEFUL.match(codec) else None
    if content.isascii() and stateful is None:
        return content.decode("ascii"), [defect for defect in defects if defect == "charset-unknown"]
    for mark, marked in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if content.startswith(mark):
            lied = codec is not None and not codec.startswith("utf")
            return content.decode(marked, "replace"), defects + ["charset-lie"] * lied
    if stateful is not None:
        return _as_declared(content, stateful, defects)
    return _eight_bit(content, codec, defects)


def _eight_bit(content: bytes, codec: str | None, defects: list[str]) -> tuple[str, list[str]]:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        if codec is not None and codec not in _WESTERN | _CENTRAL | {"utf-8"}:
            # A charset of many bytes per letter can look like UTF-8 by chance; then the declaration is the better sign.
            return (
                _as_declared(content, codec, defects)
                if not _is_single_byte(codec)
                else (text, [*defects, "charset-lie"])
            )
        return text, defects if codec in (None, "utf-8") else [*defects, "charset-lie"]
    if codec == "utf-8" and _mostly_utf8(content):
        return content.decode("utf-8", "replace"), [*defects, "charset-broken"]
    if codec is not None and codec not in _WESTERN | _CENTRAL | {"utf-8"}:
        return _as_declared(content, codec, defects)
    best = _best_single_byte(content, codec)
    lied = codec is not None and best != codec and not {best, codec} <= _WESTERN
    return content.decode(best, "replace"), defects + ["charset-lie"] * lied


def _codec(declared: str | None) -> tuple[str | None, list[str]]:
    """Python's name of the declared codec; None with a defect where nothing usable is declared."""
    name = (declared or "").strip().strip("\"'").lower()
    if not name:
        return None, ["charset-missing"]
    name = re.sub(r"^x-|^(?=125\d$)", "", name)
    name = re.sub(r"^(win|windows|cp|x-cp)[-_ ]?(?=125\d$)|^(?=125\d$)", "cp", name)
    if not _TRUSTED_FAMILIES.match(name):
        return None, ["charset-unknown"]
    try:
        return codecs.lookup(name).name, []
    except (LookupError, ValueError):
        return None, ["charset-unknown"]


def _as_declared(content: bytes, codec: str, defects: list[str]) -> tuple[str, list[str]]:
    try:
        return content.decode(codec), defects
    except (UnicodeError, LookupError):
        return content.decode(codec, "replace"), [*defects, "charset-broken"]


def _is_single_byte(codec: str) -> bool:
    try:
        return len(bytes(range(0xA0, 0x100)).decode(codec, "replace")) == 0x60
    except (UnicodeError, LookupError):
        return False


def _mostly_utf8(content: bytes) -> bool:
    """Whether a few bytes are damaged (a cut letter) rather than the whole declaration a lie."""
    text = content[:_SAMPLE].decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = sum(1 for letter in text if letter > "\x7f") - broken
    return whole > 4 * broken


def _best_single_byte(content: bytes, codec: str | None) -> str:
    sample = content[:_SAMPLE]
    readings = {name: sample.decode(name, "replace") for name in ("cp1250", "iso8859-2")}
    central = max(readings, key=lambda name: (_score(readings[name]), name == codec))
    if codec in _WESTERN and not _looks_czech(readings[central]):
        return "cp1252"
    western = sample.decode("cp1252", "replace")
    if codec is None and _score(western) > _score(readings[central]):
        return "cp1252"
    return central


def _score(text: str) -> int:
    total = 0
    for letter in text:
        if letter <= "\x7f":
            continue
        if letter in _CZECH:
            total += 2
        elif letter in _NEIGHBOURS:
            total += 1
        elif letter == "\ufffd" or "\x80" <= letter <= "\x9f":
            total -= 10
        elif letter.isalpha():
            total -= 2
        else:
            total -= 1
    return total


def _looks_czech(text: str) -> bool:
    """Evidence against a declared Western charset. Italian or French words alone must not become Czech ones."""
    letters = {letter for letter in text if letter > "\x7f"}
    foreign = {letter for letter in letters if letter.isalpha() and letter not in _CZECH and letter not in _NEIGHBOURS}
    telling = {letter.lower() for letter in letters} & _TELLING
    return not foreign and len(telling) >= 3 and bool(letters & _ONLY_CZECH) and bool(_PLAIN_CZECH_WORDS.search(text))
