"""What the router's tests are made of: the pack of the invented town, and cases."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

import packs
from contracts.reports import Automatic
from router.decision import Decision, Router
from router.matter import CaseText, Position

REPOSITORY = Path(__file__).resolve().parents[3]


@cache
def lipovany() -> packs.Pack:
    """The pack, as services get it."""
    return packs.unbundle(packs.bundle(packs.load(REPOSITORY / "packs" / "lipovany")))


@cache
def router() -> Router:
    """Prepared once for all tests."""
    return Router(lipovany())


def decided_on(
    text: str, subject: str = "", *, automatic: Automatic = Automatic.NO, photo: Position | None = None
) -> Decision:
    """The decision on a message."""
    return router().decide(CaseText(subject, text, automatic, "cs", [photo] if photo else []))


@dataclass(frozen=True)
class Labelled:
    """A message with what a person says of it; None: nothing said."""

    text: str
    category: str
    subject: str = ""
    kind: str | None = None
    urgent: bool | None = None
    outside: str | None = None
    place: str | None = None


@cache
def labelled() -> list[Labelled]:
    """The messages of messages.yaml."""
    rows = yaml.safe_load((Path(__file__).parent / "messages.yaml").read_text(encoding="utf-8"))
    return [Labelled(**row) for row in rows]
