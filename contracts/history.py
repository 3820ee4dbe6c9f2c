"""The chain of a ticket's history (P8): a person can be forgotten and the history still verifies.

Each ticket event carries a salted digest of its personal part and a link to the event before. Forgetting deletes the personal
part with its salt; the digest stays, says nothing any more, and the chain holds.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

GENESIS = "0" * 64


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no white space: the same value gives the same bytes."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def personal_digest(personal: Mapping[str, Any]) -> str:
    """SHA-256 of the personal part as stored, which holds its own random `salt`."""
    if not personal.get("salt"):
        raise ValueError("the personal part has no salt")
    return hashlib.sha256(canonical(personal)).hexdigest()


def link(event: Mapping[str, Any], previous: str) -> str:
    """Hash of one event over the hash before it and the event's impersonal part.

    `event` is the event's JSON form; `data.personal` and `data.chain` are left out, `data.personal_digest` is in.
    """
    data = {name: value for name, value in event["data"].items() if name not in ("personal", "chain")}
    impersonal = {**{name: value for name, value in event.items() if name != "traceparent"}, "data": data}
    return hashlib.sha256(previous.encode() + canonical(impersonal)).hexdigest()


def first_broken_link(events: Sequence[Mapping[str, Any]]) -> int | None:
    """The sequence of the first event that does not verify, None where the whole history does.

    `events` are one ticket's, in order. A personal part that is gone is not a fault; one that does not match its digest is.
    """
    previous = GENESIS
    for expected, event in enumerate(events, start=1):
        try:
            whole = _verifies(event, expected, previous)
        except (KeyError, TypeError, ValueError, AttributeError):
            # Fields were taken away or turned into something else: tampered with all the same.
            whole = False
        if not whole:
            return expected
        previous = event["data"]["chain"]["hash"]
    return None


def _verifies(event: Mapping[str, Any], sequence: int, previous: str) -> bool:
    data = event["data"]
    personal = data.get("personal")
    if personal is not None and personal_digest(personal) != data["personal_digest"]:
        return False
    chain = {"previous": previous, "hash": link(event, previous)}
    return bool(event["sequence"] == sequence and data["chain"] == chain)
