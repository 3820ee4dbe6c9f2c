"""The tree of a message's parts (RFC 2045, 2046), bounded in depth and number.

Own code rather than the standard library's parser: that one recurses once per level (1,000 levels end it), looks at every
line of every photo, and holds all of a message's parts whatever their number. Here a part is two offsets into the bytes.
"""

import binascii
import re
from dataclasses import dataclass, field

from intake_email.message import headers as header_fields
from intake_email.message.headers import Headers

MAXIMUM_DEPTH = 30
MAXIMUM_ENTITIES = 400
_MAXIMUM_DELIMITERS = 20_000
_MAXIMUM_CANDIDATES = 200_000
"""Places of one message that look like a delimiter at first sight."""
_MAXIMUM_RUNS = 1_000
_BASE64_SAMPLE = 1_000
_FOOTER_LINES = 30

_MEDIA_TYPE = re.compile(r"^[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$")
_BROKEN_QUOTED_PRINTABLE = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]*\r?\n|[ \t]*\Z)")
_SOFT_BREAK = re.compile(rb"=[ \t]{1,80}\r?\n")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")
_STRANGE_IN_BASE64 = re.compile(rb"[^A-Za-z0-9+/=\r\n\t ]")
_FIRST_DELIMITER = re.compile(rb"(?:\A|\n|(?<=\n))--([^\r\n]{1,200}?)[ \t]*\r?\n(?=content-)", re.IGNORECASE)


@dataclass(slots=True)
class Entity:
    """One part: its fields and where its body lies in `content`. `left_out` counts children that were not looked at."""

    headers: Headers
    content: bytes = field(repr=False)
    start: int
    end: int
    media_type: str
    parameters: dict[str, str]
    disposition: str
    disposition_parameters: dict[str, str]
    children: list["Entity"]
    defects: list[str]
    left_out: int = 0

    @property
    def file_name(self) -> str | None:
        """As the sender wrote it."""
        return self.disposition_parameters.get("filename") or self.parameters.get("name")

    def body(self, limit: int | None = None) -> bytes:
        """The body with its transfer encoding undone; a broken one as far as it goes, noted in `defects`.

        `limit` bounds how many octets of the encoded body are read.
        """
        raw = self.content[self.start : self.end if limit is None else min(self.end, self.start + limit)]
        encoding = self.headers.line("content-transfer-encoding").lower().split(";")[0].strip()
        if encoding == "quoted-printable":
            if _BROKEN_QUOTED_PRINTABLE.search(raw):
                self.defects.append("broken-quoted-printable")
            # Relays leave blanks behind a soft line break, which the decoder would take for text.
            return binascii.a2b_qp(_SOFT_BREAK.sub(b"=\n", raw) if b"= " in raw or b"=\t" in raw else raw)
        if encoding == "base64":
            return self._base64(raw)
        if encoding not in ("", "7bit", "8bit", "binary", "x-uuencode", "uuencode", "x-uue"):
            self.defects.append("unknown-transfer-encoding")
        return raw

    def _base64(self, raw: bytes) -> bytes:
        if _STRANGE_IN_BASE64.search(raw):
            self.defects.append("broken-base64")
            beginning = raw[:_BASE64_SAMPLE].strip()
            if self.media_type.startswith("text/") and beginning.count(b" ") * 20 > len(beginning):
                return raw  # words, whatever is declared
            raw = _without_footer(raw)
        if b"=" not in raw.rstrip(b"=\r\n\t "):
            return self._base64_run(raw)
        if raw.count(b"=") > _MAXIMUM_RUNS:
            self.defects.append("broken-base64")
            return self._base64_run(raw.replace(b"=", b""))
        # Some senders encode piece by piece; the standard decoder stops at the first padding.
        return b"".join(self._base64_run(run) for run in re.findall(rb"[^=]+", raw))

    def _base64_run(self, run: bytes) -> bytes:
        try:
            return binascii.a2b_base64(run)
        except binascii.Error:
            letters = _NOT_BASE64.sub(b"", run).rstrip(b"=")
            if len(letters) % 4 == 1:
                letters = letters[:-1]
                self.defects.append("broken-base64")
            return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def _without_footer(raw: bytes) -> bytes:
    """What mailing lists append in plain words below base64 is cut off: decoded, it would be rubbish at the end of the text."""
    end = len(raw)
    for _ in range(_FOOTER_LINES):
        start = raw.rfind(b"\n", 0, max(0, end - 1)) + 1
        line = raw[start:end].strip()
        if len(line) % 4 == 0 and line and not _STRANGE_IN_BASE64.search(line) and b" " not in line:
            return raw[:end]
        if start == 0:
            break
        end = start
    return raw


@dataclass(slots=True)
class _Budget:
    """What one message may still cost."""

    entities: int = MAXIMUM_ENTITIES
    candidates: int = _MAXIMUM_CANDIDATES


def with_line_ends(raw: bytes) -> tuple[bytes, list[str]]:
    """The message with line ends that can be read, and what was wrong with them: some devices write CR alone, some relays CR CR LF."""
    if b"\n" not in raw:
        return (raw.replace(b"\r", b"\n"), ["bare-carriage-returns"]) if b"\r" in raw else (raw, [])
    if raw.find(b"\r\r\n", 0, 10_000) >= 0:
        return raw.replace(b"\r\r\n", b"\r\n"), ["doubled-carriage-returns"]
    return raw, []


def read(content: bytes) -> Entity:
    """The message's root with all parts below it. Never raises."""
    return _entity(content, 0, len(content), "text/plain", 0, _Budget())


def read_nested(entity: Entity) -> Entity | None:
    """The message inside a `message/rfc822` part; None where there is none to read."""
    content = entity.body()
    if not content.strip():
        return None
    return read(content)


def _entity(content: bytes, start: int, end: int, default_type: str, depth: int, budget: _Budget) -> Entity:
    budget.entities -= 1
    fields, body, defects = header_fields.split(content, start, end)
    media_type, parameters = header_fields.with_parameters(fields.raw("content-type"))
    if not _MEDIA_TYPE.match(media_type):
        # RFC 2045 5.2: a broken Content-Type means plain text; "text" alone is what old clients wrote.
        if media_type and media_type != "text":
            defects.append("broken-content-type")
        media_type = default_type
    disposition, disposition_parameters = header_fields.with_parameters(fields.raw("content-disposition"))
    entity = Entity(
        fields, content, body, end, media_type, parameters, disposition, disposition_parameters, [], defects
    )
    if media_type.startswith("multipart/"):
        _open(entity, depth, budget)
    return entity


def _open(entity: Entity, depth: int, budget: _Budget) -> None:
    if depth >= MAXIMUM_DEPTH:
        entity.defects.append("nested-too-deep")
        return
    boundary = entity.parameters.get("boundary", "").rstrip().encode("utf-8", "surrogateescape")
    if not boundary:
        entity.defects.append("no-boundary")
    slices, closed, beyond = _slices(entity, boundary, budget) if boundary else ([], True, 0)
    if not slices and (guess := _guessed_boundary(entity)):
        if boundary:
            entity.defects.append("wrong-boundary")
        slices, closed, beyond = _slices(entity, guess, budget)
    if not slices:
        entity.defects.append("no-parts")
        entity.media_type = "text/plain"
        return
    if not closed:
        entity.defects.append("no-closing-boundary")
    entity.left_out += beyond
    default_type = "message/rfc822" if entity.media_type == "multipart/digest" else "text/plain"
    for start, end in slices:
        if budget.entities <= 0:
            entity.left_out += 1
            continue
        child = _entity(entity.content, start, end, default_type, depth + 1, budget)
        entity.children.append(child)


def _guessed_boundary(entity: Entity) -> bytes | None:
    """The first line that looks like a delimiter and has a part's fields below it."""
    guess = _FIRST_DELIMITER.search(entity.content, entity.start, min(entity.end, entity.start + 10_000))
    return guess[1] if guess else None


def _slices(entity: Entity, boundary: bytes, budget: _Budget) -> tuple[list[tuple[int, int]], bool, int]:
    """Where the children lie, whether the last one was closed, and how many more there are than are looked at."""
    content, delimiter = entity.content, b"\n--" + boundary
    slices: list[tuple[int, int]] = []
    opened: int | None = None
    # The first delimiter may stand at the very beginning, after the line end that closes the headers.
    position = max(0, entity.start - 1)
    while budget.candidates > 0 and (found := content.find(delimiter, position, entity.end)) >= 0:
        budget.candidates -= 1
        position = found + len(delimiter)
        line_end = content.find(b"\n", position, entity.end)
        line_end = entity.end if line_end < 0 else line_end
        rest = content[position : min(line_end, position + 100)].strip(b" \t\r")
        if rest not in (b"", b"--"):
            continue
        if opened is not None:
            slices.append((opened, _without_line_end(content, opened, found + 1)))
        if rest == b"--":
            return slices, True, 0
        opened = min(line_end + 1, entity.end)
        # The line end of a delimiter may begin the next one: an empty part.
        position = line_end
        if len(slices) >= _MAXIMUM_DELIMITERS:
            return slices, False, content.count(delimiter, position, entity.end)
    if opened is not None and opened < entity.end:
        slices.append((opened, entity.end))
    return slices, False, 0


def _without_line_end(content: bytes, start: int, end: int) -> int:
    """RFC 2046 5.1.1: the line end before a delimiter belongs to the delimiter."""
    if end > start and content[end - 1] == 0x0A:
        end -= 1
        if end > start and content[end - 1] == 0x0D:
            end -= 1
    return end
