"""Kinds of fields that people fill in: what they must hold so that others can read it or write to it."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from contracts.types import Confidentiality

LONGEST_TEXT = 20_000


def _visible(text: str) -> str:
    if not any(unicodedata.category(sign)[0] in "LNPS" for sign in text):
        raise PydanticCustomError("nothing_visible", "nothing that could be read")
    return text


def _known(value: object) -> object:
    """A reader takes a degree that it does not know for sealed; a person who mistypes one is told."""
    if value not in [*Confidentiality]:
        raise PydanticCustomError("enum", "no degree of confidentiality")
    return value


_DOMAIN_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# Dots stand between signs; nothing invisible, and nothing that turns the direction of the line.
_LOCAL_SIGNS = r"[^\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069.@<>()\[\]\\,;:\"]+"
_ADDRESS = re.compile(rf"{_LOCAL_SIGNS}(?:\.{_LOCAL_SIGNS})*@(?:{_DOMAIN_LABEL}\.)+{_DOMAIN_LABEL}")


def _usable(address: str) -> str:
    if not _ADDRESS.fullmatch(address):
        raise PydanticCustomError("mail_address", "no e-mail address that can be written to")
    return address


Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TEXT), AfterValidator(_visible)
]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300), AfterValidator(_visible)]
Degree = Annotated[Confidentiality, BeforeValidator(_known)]
MailAddress = Annotated[
    str, StringConstraints(max_length=254), AfterValidator(_usable), Field(json_schema_extra={"format": "email"})
]
