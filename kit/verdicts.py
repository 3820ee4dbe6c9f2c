"""What a virus scanner says of a file; who asks one is `kit/clamd.py`. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Why(StrEnum):
    """Why something was not scanned."""

    NO_SCANNER = "no-scanner"
    AWAY = "away"
    """No answer, or none in time, or not as clamd speaks: it may be there again in a moment."""
    TOO_LARGE = "too-large"
    FAILED = "failed"
    """The daemon could not scan this file."""


@dataclass(frozen=True, slots=True)
class Clean:
    """No signature fits."""


@dataclass(frozen=True, slots=True)
class Infected:
    """`signature` is its name at ClamAV."""

    signature: str


@dataclass(frozen=True, slots=True)
class NotScanned:
    """Nobody knows."""

    why: Why


Verdict = Clean | Infected | NotScanned
Scan = Callable[[bytes], Verdict]
"""Never raises."""


def unscanned(_: bytes) -> Verdict:
    """Where there is no scanner."""
    return NotScanned(Why.NO_SCANNER)
