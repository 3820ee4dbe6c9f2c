"""Staff tokens: 32 random bytes, shown once, stored as a digest; with roles, teams, an end, and revocable within a second."""

import base64
import hashlib
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from pymongo.database import Database

from contracts import identity
from kit.mongo import Document
from tickets.cases.permissions import Staff, StaffRole
from tickets.store import TOKENS

LIFETIME = timedelta(days=365)


class StaffTokens:
    """The tokens of all towns."""

    def __init__(self, database: Database[Document], clock: Callable[[], datetime], pseudonym_key: bytes) -> None:
        self._tokens, self._clock, self._key = database[TOKENS], clock, pseudonym_key

    def create(
        self,
        municipality: str,
        roles: Iterable[StaffRole],
        *,
        teams: Iterable[str] = (),
        name: str | None = None,
        address: str | None = None,
        lifetime: timedelta = LIFETIME,
    ) -> tuple[str, str]:
        """Returns the code of the member of staff and the token, which nobody can read again."""
        token = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
        code = f"staff-{secrets.token_hex(5)}"
        document: Document = {
            "_id": code,
            "digest": _digest(token),
            "municipality": municipality,
            "roles": sorted(roles),
            "teams": sorted(teams),
            "created": self._clock(),
            "expires": self._clock() + lifetime,
            "revoked": False,
        }
        if name is not None:
            document["name"] = name
        if address is not None:
            document["address"] = address
            document["pseudonym"] = identity.pseudonym(self._key, municipality, "email", address)
        self._tokens.insert_one(document)
        return code, token

    def staff(self, token: str) -> Staff | None:
        """Whose token it is; None where it is unknown, revoked or over."""
        return self._holding({"digest": _digest(token)})

    def member(self, municipality: str, code: str) -> Staff | None:
        """A member of staff by his code."""
        return self._holding({"_id": code, "municipality": municipality})

    def rows(self) -> list[dict[str, Any]]:
        """All tokens, without their digests."""
        return list(self._tokens.find({}, {"digest": 0, "address": 0, "pseudonym": 0}).sort("created", 1))

    def revoke(self, code: str) -> bool:
        """Ends a token; false where there is none of that code."""
        return bool(self._tokens.update_one({"_id": code}, {"$set": {"revoked": True}}).matched_count)

    def _holding(self, query: Document) -> Staff | None:
        document = self._tokens.find_one({**query, "revoked": False, "expires": {"$gt": self._clock()}})
        if document is None:
            return None
        return Staff(
            id=document["_id"],
            municipality=document["municipality"],
            roles=frozenset(StaffRole(role) for role in document["roles"]),
            teams=frozenset(document["teams"]),
            name=document.get("name"),
            address=document.get("address"),
            pseudonym=document.get("pseudonym"),
        )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
