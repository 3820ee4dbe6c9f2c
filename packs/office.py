"""The town, those who work for it, and the bodies outside it."""

from datetime import date, time
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from packs.base import Address, Domain, Line, Link, Model, Paragraph, Phone, Slug
from packs.situations import Term


class OwnWork(Model):
    """Work that elsewhere an outside body does, and here the town itself: an ORP issues passports."""

    body_type: Slug
    role: Slug


class Town(Model):
    """The town itself."""

    slug: Slug
    """`municipality` of every event."""
    name: Line
    """As the sender's name of a letter: `Město Lipovany`."""
    email: Address
    """Where reports come in and from where answers go out."""
    mail_domain: Domain
    web: Link
    privacy_notice: Link
    phone: Phone
    police_phone: Phone
    itself: list[OwnWork] = []
    """Sorts of outside bodies that the town is itself."""


class Role(Model):
    """A job in a town office that solves matters; a town's teams fill the roles."""

    slug: Slug
    name: Line
    name_en: Line


class Team(Model):
    """Who works for the town."""

    slug: Slug
    name: Line
    """Told to reporters as it stands, so in the nominative: `Technické služby města Lipovany`."""
    email: Address
    roles: Annotated[list[Slug], Field(min_length=1)]
    phone: Phone | None = None
    day_and_night: bool = False


class CompetentBy(StrEnum):
    """Why a body outside the town is competent."""

    MATTER = "matter"
    OWNERSHIP = "ownership"
    TERRITORY = "territory"
    MATTER_AND_TERRITORY = "matter+territory"


class BodyType(Model):
    """A sort of body outside the town; a town names its own body of the type."""

    slug: Slug
    name: Line
    competence: CompetentBy
    rule: Paragraph
    """When it is competent, for people."""


class Body(Model):
    """A body outside the town with the ways to reach it."""

    slug: Slug
    type: Slug
    name: Line
    email: Address | None = None
    """Where a case is handed over. None: nothing can be sent by itself, a person has to call or to ask."""
    phone: Phone | None = None
    """Told to the reporter too, where he may have to call at once."""
    note: Line | None = None


class ClosingDay(Model):
    """A working day on which the office is closed."""

    day: date
    why: Line


class Calendar(Model):
    """How the office counts time, beside the public holidays, which are law and no data."""

    intake_cut_off: time | None = None
    """What comes later counts as received on the next working day; none: every minute of the day counts."""
    closing_days: list[ClosingDay] = []
    legal_maximum: Term
    """No ordinary matter may take longer."""
    council_maximum: Term
    """No matter that the town council decides may take longer."""
    forward_within: Term
    """What belongs to somebody else is handed over by then."""
