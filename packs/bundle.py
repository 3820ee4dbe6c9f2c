"""A resolved pack as bytes: what is kept, named by its hash, and read by every service."""

import hashlib

import orjson
from pydantic import ValidationError

from packs.findings import Finding, PackError
from packs.pack import Pack


def bundle(pack: Pack) -> bytes:
    """Canonical JSON: sorted keys, no white space, UTF-8; equal packs give equal bytes."""
    return orjson.dumps(pack.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)


def unbundle(content: bytes) -> Pack:
    """The pack of a bundle. Raises PackError."""
    try:
        return Pack.model_validate_json(content)
    except ValidationError as error:
        places = {".".join(str(step) for step in fault["loc"]) for fault in error.errors(include_input=False)[:5]}
        reason = f"not a bundle of this version of packs: {', '.join(sorted(places))}"
        raise PackError([Finding("bundle", 1, reason, "load the pack again")]) from None


def digest(content: bytes) -> str:
    """SHA-256 of a bundle, lower-case hexadecimal: its name."""
    return hashlib.sha256(content).hexdigest()
