"""The reply token: the part of our address after `+`, by which an answer finds its case.

Format: `<key id>.<role letter><ticket id, base32>.<mac, base32>`, all lower case, because mail servers fold case.
The mac is HMAC-SHA256 over municipality, role and ticket id, cut to 80 bits: forging one blindly takes 2^79 mails.
The key id allows rotation: sign with the newest key, verify with all. A token proves only that the address was ours;
who may use it is decided by the sender (tickets).
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class TokenRole(StrEnum):
    """For whom the address was made."""

    REPORTER = "reporter"
    RESOLVER = "resolver"
    BODY = "body"
    BOUNCE = "bounce"


_LETTERS = {TokenRole.REPORTER: "r", TokenRole.RESOLVER: "s", TokenRole.BODY: "b", TokenRole.BOUNCE: "d"}
_ROLES = {letter: role for role, letter in _LETTERS.items()}
_FORM = re.compile(r"([a-z0-9]{1,4})\.([rsbd])([a-z2-7]{26})\.([a-z2-7]{16})")
_MAC_BYTES = 10


@dataclass(frozen=True)
class ReplyToken:
    """What a token says; `genuine` is false where the signature or the key is not ours."""

    key_id: str
    role: TokenRole
    ticket_id: UUID
    genuine: bool


def sign(municipality: str, role: TokenRole, ticket_id: UUID, *, key_id: str, key: bytes) -> str:
    """The token for one ticket and role; 46 to 49 characters, so that `podatelna+token` stays within 64 (RFC 5321 4.5.3.1.1)."""
    return f"{key_id}.{_LETTERS[role]}{_base32(ticket_id.bytes)}.{_base32(_mac(municipality, role, ticket_id, key))}"


def read(token: str, municipality: str, keys: Mapping[str, bytes]) -> ReplyToken | None:
    """The token's content, genuine or not; None where it is not of the form of a token."""
    match = _FORM.fullmatch(token.lower())
    if match is None:
        return None
    key_id, letter, identifier, mac = match.groups()
    role = _ROLES[letter]
    ticket_id = UUID(bytes=_unbase32(identifier))
    if _base32(ticket_id.bytes) != identifier:
        # 26 letters hold two bits more than an id: one token has one spelling.
        return None
    given = _unbase32(mac)
    key = keys.get(key_id)
    genuine = key is not None and hmac.compare_digest(given, _mac(municipality, role, ticket_id, key))
    return ReplyToken(key_id, role, ticket_id, genuine)


def reply_address(town_address: str, token: str) -> str:
    """`podatelna@lipovany.test` and a token to `podatelna+token@lipovany.test`."""
    local, _, domain = town_address.rpartition("@")
    return f"{local}+{token}@{domain}"


def _mac(municipality: str, role: TokenRole, ticket_id: UUID, key: bytes) -> bytes:
    message = b"\0".join((municipality.encode(), role.value.encode(), ticket_id.bytes))
    return hmac.new(key, message, hashlib.sha256).digest()[:_MAC_BYTES]


def _base32(value: bytes) -> str:
    return base64.b32encode(value).decode().rstrip("=").lower()


def _unbase32(value: str) -> bytes:
    return base64.b32decode(value.upper() + "=" * (-len(value) % 8))
