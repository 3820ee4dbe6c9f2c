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
_SMALL_CYRILLIC = frozenset("абвгґдеєжзиіїйклмнопрстуфхцчшщьюяыэъё")
_LEAST_CYRILLIC = 12
_SAMPLE = 16_384

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# With the letters of no width that stand between others only to hide words; not the joiners, which scripts and emoji need.
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b\u2060-\u2064\ufeff\ufff9-\ufffb]")
_OVERRIDES = re.compile("[\u202d\u202e]")
_DIRECTIONS = re.compile("[\u061c\u200c-\u200f\u202a-\u202e\u2066-\u206f]")
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


def without_overrides(text: str) -> str:
    """Text in the order in which it was written: overrides make 01 look like 10, and no script needs them."""
    return _OVERRIDES.sub("", text)


def one_line(text: str) -> str:
    """A subject or a name: clean, one line, without marks of direction, which could make it look like another."""
    return " ".join(_DIRECTIONS.sub("", clean(text)).split())


def _decode(content: bytes, declared: str | None) -> tuple[str, list[str]]:
    codec, defects = _codec(declared)
    stateful = codec if codec is not None and _STATEFUL.match(codec) else None
    if stateful is not None and _cannot_be(content, stateful):
        codec, stateful, defects = None, None, [*defects, "charset-lie"]
    if content.isascii() and stateful is None:
        return content.decode("ascii"), [defect for defect in defects if defect != "charset-missing"]
    for mark, marked in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if content.startswith(mark):
            lied = codec is not None and not codec.startswith("utf")
            return content.decode(marked, "replace"), defects + ["charset-lie"] * lied
    if stateful is not None:
        return _as_declared(content, _with_byte_order(content, stateful), defects)
    return _eight_bit(content, codec, defects)


def _cannot_be(content: bytes, stateful: str) -> bool:
    """UTF-16 of European text is full of NULs, the charsets of seven bits have no eighth."""
    if stateful.startswith(("utf-16", "utf-32")):
        return b"\0" not in content and not content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return not content.isascii()


def _with_byte_order(content: bytes, codec: str) -> str:
    """UTF-16 without a mark is big-endian by RFC 2781, little-endian by Windows: the NULs of plain letters tell."""
    if codec != "utf-16":
        return codec
    sample = content[:_SAMPLE]
    return "utf-16-le" if sample[1::2].count(0) >= sample[::2].count(0) else "utf-16-be"


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
    best = _cyrillic(content) or _best_single_byte(content, codec)
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
    # Letters of a single-byte charset hardly ever make one of UTF-8 by chance.
    return whole > broken


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


def _cyrillic(content: bytes) -> str | None:
    """Charset of a Cyrillic text that is declared as something else: nearly all its letters lie above 127, most of them small."""
    high = content[:_SAMPLE].translate(None, bytes(range(0x80)))
    letters = len(re.findall(rb"[A-Za-z]", content[:_SAMPLE])) + len(high)
    if len(high) < _LEAST_CYRILLIC or len(high) * 10 < letters * 7:
        return None
    small = {
        name: sum(1 for one in high.decode(name, "replace") if one in _SMALL_CYRILLIC) for name in ("cp1251", "koi8-u")
    }
    best = max(small, key=lambda name: small[name])
    return best if small[best] * 10 > len(high) * 7 else None


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
