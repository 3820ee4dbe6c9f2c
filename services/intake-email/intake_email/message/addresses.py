"""Addresses of a header field (RFC 5322 3.4), as people write them rather than as they should.

Own code rather than the standard library's: what stands in angle brackets is the address, also where the name before it is not
quoted and looks like one (`podatelna@lipovany.test <somebody@example.test>`). The library takes the name for the address, or
since a later patch release nothing at all.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from intake_email.message import charsets
from intake_email.message.headers import decode_words

_MAXIMUM_MAILBOXES = 50
_NAME_LETTERS = 200
_ADDRESS = re.compile(
    r'^("[^"\\\r\n\ud800-\udfff]{1,62}"|[^\s<>()\[\]:;@\\,"\ud800-\udfff]{1,128})@([\w-]+(\.[\w-]+)*\.?|\[[0-9A-Za-z.:]{3,60}\])$'
)
_IN_A_NAME = re.compile(r"[^\s<>()\[\]:;@\\,\"']{1,64}@[\w-]+(?:\.[\w-]+)+")
_BRACKETED = re.compile(r"<([^<>\s]{3,320})>")
# An encoded word may hold commas, colons and brackets of its own: it is one token.
_TOKEN = re.compile(r'=\?[^?\s]{1,80}\?[bBqQ]\?[^?\s]*\?=|"(?:[^"\\]|\\.)*"|<[^<>]*>|[(),:;]|[^"<(),:;=]+|.')


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address with the name that stands beside it."""

    address: str
    name: str


@dataclass(slots=True)
class _Piece:
    """What stands between two commas."""

    words: list[str] = field(default_factory=list)
    comment: list[str] = field(default_factory=list)
    bracketed: str | None = None


def mailboxes(value: str) -> list[Mailbox]:
    """Valid addresses of an address field, in order, at most 50."""
    line = " ".join(value[:8_000].split())
    found: list[Mailbox] = []
    before = ""
    for piece in _pieces(line):
        mailbox = _mailbox(piece, before)
        # `Obecní úřad, podatelna <a@b>`: a name with a comma that nobody quoted.
        before = f"{before}{''.join(piece.words).strip()}, " if mailbox is None and not found else ""
        if mailbox is not None:
            found.append(mailbox)
        if len(found) == _MAXIMUM_MAILBOXES:
            break
    if not found and (match := _BRACKETED.search(line)) and is_address(address := _cleaned(match[1])):
        found.append(Mailbox(address, ""))
    return found


def is_address(address: str) -> bool:
    """Whether mail could be sent there: the form only."""
    return len(address) <= 320 and _ADDRESS.match(address) is not None


def doubts(mailbox: Mailbox) -> list[str]:
    """What makes a sender look like somebody else: `sender-named-as-address`, `sender-of-mixed-letters`."""
    found = []
    named = _IN_A_NAME.search(mailbox.name)
    if named and named[0].casefold() != mailbox.address.casefold():
        found.append("sender-named-as-address")
    if not mailbox.address.isascii() and any(_is_mixed(word) for word in re.findall(r"[^\W\d_]+", mailbox.address)):
        found.append("sender-of-mixed-letters")
    return found


def _is_mixed(word: str) -> bool:
    """Latin letters among Cyrillic or Greek ones: no word of any language."""
    latin = any(letter < "\u0250" for letter in word)
    return latin and any("\u0370" <= letter <= "\u052f" for letter in word)


def _pieces(line: str) -> Iterator[_Piece]:
    piece, depth = _Piece(), 0
    for match in _TOKEN.finditer(line):
        token = match[0]
        if token == "(":
            depth += 1
            if depth == 1:
                piece.comment.clear()
        elif token == ")":
            depth = max(0, depth - 1)
        elif depth:
            piece.comment.append(token)
        elif token in (",", ";"):
            yield piece
            piece = _Piece()
        elif token == ":" and piece.bracketed is None and "@" not in "".join(piece.words):
            piece = _Piece()  # the name of a group
        elif token.startswith("<") and len(token) > 1:
            piece.bracketed = token[1:-1]
        else:
            piece.words.append(token)
    yield piece


def _mailbox(piece: _Piece, before: str) -> Mailbox | None:
    words = "".join(piece.words).strip()
    if piece.bracketed is not None:
        # A route of old (`<@relay:address>`) and blanks that clients left.
        address, name = _cleaned(piece.bracketed.rpartition(":")[2].replace(" ", "")), before + words
    else:
        address, name = _cleaned(re.sub(r"\s*([@.])\s*", r"\1", words)), ""
    if not is_address(address):
        return None
    return Mailbox(address, _name(name) or _name("".join(piece.comment)))


def _cleaned(address: str) -> str:
    return charsets.clean(address.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def _name(written: str) -> str:
    unquoted = re.sub(r'"((?:[^"\\]|\\.)*)"', lambda match: re.sub(r"\\(.)", r"\1", match[1]), written)
    return charsets.one_line(decode_words(unquoted)).strip(" \"',")[:_NAME_LETTERS]
