"""Header fields: splitting them off, unfolding, encoded words (RFC 2047), parameters (RFC 2045, 2231), ids, dates.

Own code rather than the standard library's modern policy: that one spends 0.3 ms per field and raises on some bad mail.
"""

import binascii
import re
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_tz

from intake_email.message import charsets

MAXIMUM_HEADER_OCTETS = 1_000_000
MAXIMUM_FIELDS = 1_000
_MAXIMUM_STRAYS = 20

_FIELD = re.compile(rb"^([!-9;-~]{1,200})[ \t]*:(.*)$", re.DOTALL)
_KNOWN_FIELD = re.compile(
    rb"^(content-[a-z-]+|mime-version|from|to|cc|subject|date|message-id|received|x-[a-z-]+|reply-to|return-path"
    rb"|in-reply-to|references)[ \t]*:",
    re.IGNORECASE,
)
_TRACE_FIELD = re.compile(rb"^(received|x-[a-z-]+)[ \t]*:", re.IGNORECASE)
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_ENCODED_WORD = re.compile(r"=\?([^?*\s]{1,60})(?:\*[^?\s]{0,20})?\?([bBqQ])\?((?:[^?]|\?(?!=)){0,1000}?)\?=")
_PARAMETER = re.compile(r""";\s*([^\s=;"]{1,80})\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)""", re.DOTALL)
_PARAMETER_PIECE = re.compile(r"^([^*]+)\*(?:(\d{1,3})(\*)?)?$")
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,250})>")


@dataclass(frozen=True, slots=True)
class Headers:
    """Fields in their order: lower-case name and raw value, unfolded only in use.

    A value is the raw bytes read as UTF-8 with surrogate escapes, so that it can be turned back into the same bytes.
    """

    fields: tuple[tuple[str, str], ...]

    def raw(self, name: str) -> str:
        """The first field's raw value, empty where there is none."""
        return next((value for field, value in self.fields if field == name), "")

    def has(self, name: str) -> bool:
        """Whether there is such a field."""
        return any(field == name for field, _ in self.fields)

    def line(self, name: str) -> str:
        """The first field's value unfolded to one line, encoded words not decoded."""
        return " ".join(self.raw(name).split())

    def text(self, name: str) -> str:
        """The first field's value as people read it."""
        return decode_words(self.line(name))


def split(content: bytes, start: int, end: int) -> tuple[Headers, int, list[str]]:
    """The fields at `start`, where the body begins, and defects. Never raises; without any field, all is body."""
    fields: list[tuple[str, list[bytes]]] = []
    defects: list[str] = []
    position, strays = start, 0
    for line, following in _lines(content, start, min(end, start + MAXIMUM_HEADER_OCTETS)):
        if line in (b"\n", b"\r\n"):
            return _headers(fields), following, defects
        match = _FIELD.match(line)
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1][1].append(line)
        elif match is not None and len(fields) < MAXIMUM_FIELDS:
            fields.append((match[1].decode("ascii").lower(), [match[2]]))
        elif match is not None:
            # Thousands of trace fields above must not hide who wrote and what about.
            if _KNOWN_FIELD.match(line) and not _TRACE_FIELD.match(line) and len(fields) < 2 * MAXIMUM_FIELDS:
                fields.append((match[1].decode("ascii").lower(), [match[2]]))
            _note(defects, "too-many-headers")
        elif not fields and line.startswith((b"From ", b">From ")):
            pass  # the separator line of a mailbox file
        elif fields and strays < _MAXIMUM_STRAYS and _more_fields_follow(content, following, end):
            # A line that somebody forgot to indent belongs to the field above it; the fields below still count.
            fields[-1][1].append(b" " + line)
            strays += 1
            _note(defects, "broken-header")
        else:
            _note(defects, "no-blank-line" if fields else "no-headers")
            return _headers(fields), position, defects
        position = following
    if position < end:
        _note(defects, "too-many-headers")
    return _headers(fields), position, defects


def body_start(content: bytes) -> int:
    """Offset after the first blank line, the rule of a report's identity; the end where there is none."""
    if content.startswith((b"\n", b"\r\n")):
        return content.index(b"\n") + 1
    match = _BLANK_LINE.search(content)
    return match.end() if match else len(content)


def decode_words(value: str) -> str:
    """Encoded words and raw 8-bit text of a field to text. Words of one charset are joined before decoding, because some
    clients cut a letter between two words."""
    if "=?" not in value:
        # Bytes that are no UTF-8 may turn out to be line ends, which no field has.
        return value if value.isascii() else " ".join(_raw_to_text(value).split())
    pieces: list[str] = []
    pending: tuple[str, bytes] | None = None
    position = 0
    for match in _ENCODED_WORD.finditer(value):
        between = value[position : match.start()]
        charset, octets = match[1].lower(), _word_octets(match[2], match[3])
        adjacent = pending is not None and not between.strip()
        if pending is not None and adjacent and pending[0] == charset:
            pending = (charset, pending[1] + octets)
        else:
            if pending is not None:
                pieces.append(charsets.decode(pending[1], pending[0])[0])
            if not adjacent:
                pieces.append(_raw_to_text(between))
            pending = (charset, octets)
        position = match.end()
    if pending is not None:
        pieces.append(charsets.decode(pending[1], pending[0])[0])
    pieces.append(_raw_to_text(value[position:]))
    return " ".join("".join(pieces).split())


def with_parameters(value: str) -> tuple[str, dict[str, str]]:
    """`text/plain; charset=x` to `("text/plain", {"charset": "x"})`, continuations and RFC 2231 charsets put together."""
    value = " ".join(value[:8_000].split())
    main, _, _ = value.partition(";")
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for match in _PARAMETER.finditer(value):
        name, content = match[1].lower(), _unquoted(match[2].strip())
        piece = _PARAMETER_PIECE.match(name)
        if piece is None:
            plain.setdefault(name, decode_words(content) if name in ("filename", "name") else content)
        else:
            encoded = piece[2] is None or piece[3] is not None
            pieces.setdefault(piece[1], {})[int(piece[2] or 0)] = (content, encoded)
    for name, numbered in pieces.items():
        plain[name] = _joined(numbered)
    return main.strip().lower(), plain


def message_ids(value: str) -> list[str]:
    """Ids of a Message-ID, In-Reply-To or References field, without the angle brackets, each once."""
    return list(dict.fromkeys(charsets.clean(found) for found in _MESSAGE_ID.findall(value[-50_000:])))


def instant(value: str) -> datetime | None:
    """A Date field in UTC; None where it cannot be read."""
    try:
        fields = parsedate_tz(" ".join(value[:200].split()))
        if fields is None:
            return None
        moment = datetime(*fields[:6], tzinfo=UTC)
        return datetime.fromtimestamp(moment.timestamp() - (fields[9] or 0), UTC)
    except (ValueError, OverflowError, OSError, IndexError, TypeError):
        return None


def _lines(content: bytes, start: int, end: int) -> Iterator[tuple[bytes, int]]:
    while start < end:
        found = content.find(b"\n", start, end)
        following = end if found < 0 else found + 1
        yield content[start:following], following
        start = following


def _more_fields_follow(content: bytes, start: int, end: int) -> bool:
    for count, (line, _) in enumerate(_lines(content, start, min(end, start + 20_000))):
        if line in (b"\n", b"\r\n") or count == 50:
            return False
        if _KNOWN_FIELD.match(line):
            return True
    return False


def _headers(fields: list[tuple[str, list[bytes]]]) -> Headers:
    return Headers(tuple((name, b"".join(lines).decode("utf-8", "surrogateescape")) for name, lines in fields))


def _raw_to_text(value: str) -> str:
    if value.isascii():
        return value
    return charsets.decode(value.encode("utf-8", "surrogateescape"), None)[0]


def _word_octets(encoding: str, content: str) -> bytes:
    octets = content.encode("utf-8", "surrogateescape")
    if encoding in "qQ":
        return binascii.a2b_qp(octets, header=True)
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", octets)
    letters = letters[: len(letters) - 1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value.startswith('"') and value.endswith('"'):
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value.strip('"')


def _joined(numbered: dict[int, tuple[str, bool]]) -> str:
    charset: str | None = None
    octets = b""
    for number in sorted(numbered):
        content, encoded = numbered[number]
        if encoded:
            if number == 0 and content.count("'") >= 2:
                charset, _, content = content.split("'", 2)
            octets += urllib.parse.unquote_to_bytes(content.encode("utf-8", "surrogateescape"))
        else:
            octets += content.encode("utf-8", "surrogateescape")
    return charsets.decode(octets, charset)[0]


def _note(defects: list[str], defect: str) -> None:
    if defect not in defects:
        defects.append(defect)
