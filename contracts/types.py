"""The words of which events are built.

Outside `data.personal` an event may hold only these: ids, enums, numbers, times and patterned codes. `personal_rule.py` checks
that on the generated schemas, so a plain `str` outside the personal part fails `python -m contracts check`.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", description="A patterned, impersonal code.")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256, lower-case hexadecimal.")]
Pseudonym = Annotated[
    str,
    Field(
        pattern=r"^p[0-9a-f]{32}$", description="Keyed digest of municipality, channel and address; see identity.py."
    ),
]
TicketNumber = Annotated[
    str, Field(pattern=r"^[0-9]{4}-[0-9]{6,12}$", description="Year and running number, 2026-000123.")
]
ObjectKey = Annotated[
    str,
    Field(pattern=r"^[a-z0-9][a-z0-9./_-]{0,255}$", description="Key in the object store; see object_keys.py."),
]
MediaType = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.+-]{0,63}/[a-z0-9][a-z0-9.+-]{0,127}$")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$", description="ISO 639 code.")]
Traceparent = Annotated[
    str, Field(pattern=r"^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$", description="W3C Trace Context.")
]
BodyNumber = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9/._-]{0,39}$", description="Number of a case at an external body, SUS/123/2026."
    ),
]
EnhancedStatus = Annotated[str, Field(pattern=r"^[245]\.[0-9]{1,3}\.[0-9]{1,3}$", description="RFC 3463 status code.")]


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        # Not a ValueError by itself: it would pass pydantic and end the reader's process at every start.
        raise ValueError("out of range") from None


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
TicketId = Annotated[UUID, Field(description="The ticket's id, the same in all services.")]
ReportId = Annotated[UUID, Field(description="The report's id, derived from stable facts; see identity.py.")]


class Model(BaseModel):
    """Base of all that crosses a border: readers ignore fields they do not know, values never change after creation.

    Input never stands in error texts: it may be personal.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True, use_attribute_docstrings=True)


class Channel(StrEnum):
    """By which way a message came."""

    EMAIL = "email"
    SMS = "sms"
    MMS = "mms"
    WEB = "web"
    LETTER = "letter"
    PHONE = "phone"
    COUNTER = "counter"


class Confidentiality(StrEnum):
    """Who may see: open to the town's staff; restricted to those who work on it; sealed to named persons only.

    A reader that meets a value it does not know treats it as sealed.
    """

    OPEN = "open"
    RESTRICTED = "restricted"
    SEALED = "sealed"

    @classmethod
    def _missing_(cls, value: object) -> "Confidentiality":
        return cls.SEALED


class Kind(StrEnum):
    """What sort of message it is, beside what it is about."""

    FAULT = "fault"
    COMPLAINT = "complaint"
    PRAISE = "praise"
    QUESTION = "question"
    SUGGESTION = "suggestion"
    EMERGENCY = "emergency"
    PROCEDURE = "procedure"
    SPAM = "spam"


class Priority(StrEnum):
    """P1 at once (hours, day and night), P2 high, P3 normal, P4 low or planned."""

    P1 = "p1"
    P2 = "p2"
    P3 = "p3"
    P4 = "p4"
