"""Who acts and who takes part, without saying who they are: names and addresses stand in `data.personal` only."""

from enum import StrEnum

from pydantic import Field

from contracts.types import Code, Language, Model, Pseudonym


class ActorKind(StrEnum):
    """Who did it."""

    REPORTER = "reporter"
    STAFF = "staff"
    BODY = "body"
    ROUTER = "router"
    SYSTEM = "system"


class Actor(Model):
    """Who caused an event; `on_behalf_of` and `mandate` are for deputies and for entries on a citizen's behalf."""

    kind: ActorKind
    id: Pseudonym | Code | None = None
    """A pseudonym of a person outside, a staff member's code, or a service's name."""
    on_behalf_of: Pseudonym | Code | None = None
    mandate: Code | None = None


class Role(StrEnum):
    """What somebody is to a ticket."""

    REPORTER = "reporter"
    RESOLVER = "resolver"
    DISPATCHER = "dispatcher"
    BODY = "body"
    FORMER_RESOLVER = "former_resolver"
    """Who had it until now: nothing to do any more."""


class Way(StrEnum):
    """How somebody is reached."""

    EMAIL = "email"
    SMS = "sms"
    LETTER = "letter"
    PHONE = "phone"
    NONE = "none"


class Proof(StrEnum):
    """What shows that a participant is who the address says."""

    NONE = "none"
    TOKEN = "token"
    STAFF = "staff"
    PACK = "pack"


class Consent(StrEnum):
    """What the participant agreed to beyond the town's own duty."""

    NONE = "none"
    FORWARD_IDENTITY = "forward_identity"


class Participant(Model):
    """Somebody concerned by a ticket, under a pseudonymous id."""

    id: Pseudonym
    role: Role
    way: Way = Way.NONE
    language: Language = "cs"
    consent: Consent = Consent.NONE
    proof: Proof = Proof.NONE
    automatic: bool = False
    """A machine writes under this address: it gets no automatic mail (P9), only what a person writes to it."""


class Contact(Model):
    """Personal: how a participant is called and reached. Stands in `data.personal` only."""

    address: str | None = Field(default=None, max_length=320)
    name: str | None = Field(default=None, max_length=200)
