"""Where things lie in the object store.

An original lies under `municipality/day/report-id/`; the id is derived from stable facts, so a repeated put writes the same
and needs no condition. A key is never another key's prefix followed by `/` (S3Proxy keeps objects as files).
"""

from datetime import date
from uuid import UUID


def day_folder(municipality: str, day: date) -> str:
    """Where the reports of a day lie, each in a folder named by its id."""
    return f"originals/{municipality}/{day.isoformat()}"


def report_folder(municipality: str, day: date, report_id: UUID) -> str:
    """Folder of one report, without a slash at the end."""
    return f"{day_folder(municipality, day)}/{report_id}"


def raw_key(folder: str) -> str:
    """The message as it came."""
    return f"{folder}/raw"


def envelope_key(folder: str) -> str:
    """Recipient, sender, peer: what the transport knew."""
    return f"{folder}/envelope.json"


def text_key(folder: str) -> str:
    """The whole text, where it is too long for an event."""
    return f"{folder}/text"


def part_key(folder: str, part: str) -> str:
    """One attachment."""
    return f"{folder}/parts/{part}"


def ruleset_key(municipality: str, digest: str) -> str:
    """A pack's bundle, named by its hash."""
    return f"rulesets/{municipality}/{digest}.json"


def model_key(municipality: str, digest: str) -> str:
    """A model's file, named by its hash."""
    return f"rulesets/{municipality}/{digest}.npz"
