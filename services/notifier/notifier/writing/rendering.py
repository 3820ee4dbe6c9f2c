"""From a delivery and the town's pack to the words: what each text may speak of. Pure."""

import re
from collections.abc import Sequence
from datetime import datetime, time
from functools import lru_cache
from textwrap import wrap
from typing import Any
from zoneinfo import ZoneInfo

from contracts.participants import Role
from contracts.tickets import DeadlineKind, ResolverKind, Snapshot
from contracts.types import Confidentiality, Kind
from notifier.deliveries import Delivery, DeliveryPersonal
from notifier.writing.masking import masked, without_correspondents
from packs import Pack
from packs.texts import Rendered, Text, render

PRAGUE = ZoneInfo("Europe/Prague")
_DAYS = ("pondělí", "úterý", "středa", "čtvrtek", "pátek", "sobota", "neděle")
_MONTHS = (
    "ledna", "února", "března", "dubna", "května", "června",
    "července", "srpna", "září", "října", "listopadu", "prosince",
)  # fmt: skip
_ENGLISH_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ENGLISH_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_END_OF_DAY = time(23, 59, 59)
_IN_THE_SYSTEM = "Text zprávy najdete v systému."
_CONFIDENTIAL_CATEGORY = {"cs": "Důvěrné podání", "en": "Confidential matter"}
_LONGEST_PLACE = 150
_COLUMNS = 76
_HELD = "\x00"
_AUTHORS_COLUMNS, _AUTHORS_WINDOW = 112, 120
"""Packs are written in windows of 120 columns, indented; a longer line was not broken by its author."""
_OWN_LINE = re.compile(r"\s*(?:[-•*>]|\{[{%]|[^:]{1,44}:\s)")


class NotTold(Exception):
    """The town's pack says that nobody is told of this."""


def text_of(delivery: Delivery, pack: Pack, attached: Sequence[str], left_out: Sequence[str]) -> Rendered:
    """Subject and plain text. Raises packs.texts.TextError, NotTold, and KeyError where the pack does not know a slug."""
    told = variables(delivery, pack, attached, left_out)
    if delivery.template == "state_changed" and told["state_sentence"] is None:
        raise NotTold
    text = pack.texts[delivery.template]
    wording = text.cs if language_of(delivery, pack) == "cs" or text.en is None else text.en
    whole = Text(cs=wording.model_copy(update={"body": unwrapped(wording.body)}))
    return render(whole, delivery.template, "cs", told)


def language_of(delivery: Delivery, pack: Pack) -> str:
    """The language of the whole mail: the recipient's where the text has it, else Czech. Never a mixture of two."""
    return "en" if delivery.language == "en" and pack.texts[delivery.template].en is not None else "cs"


def variables(delivery: Delivery, pack: Pack, attached: Sequence[str], left_out: Sequence[str]) -> dict[str, Any]:
    """All that any text may speak of; what there is nothing to say of is None or empty."""
    case, language = case_of(delivery), language_of(delivery, pack)
    personal = for_a_body(delivery.personal) if delivery.role == Role.BODY else delivery.personal
    personal = personal or DeliveryPersonal()
    return {
        **_town(pack),
        **_matter(delivery, pack, language),
        **_competent(case, pack),
        "number": case.number,
        "place": _short(personal.place_phrase),
        "coordinates": _coordinates(personal),
        "due_date": due_date(case, language),
        # A stranger's line breaks would begin a paragraph that passes for the town's own.
        "subject": " ".join(personal.subject.split()) if personal.subject else None,
        "report_text": quoted(personal.text) if personal.text else None,
        "message_text": _message(delivery, personal),
        "words": personal.words,
        "attachments": list(attached),
        "attachments_left_out": list(left_out),
        "urgent": case.urgent,
        "emergency": case.kind == Kind.EMERGENCY,
        "priority_name": pack.priority(case.priority).name if case.priority else "",
        "state_name": pack.state(case.state).name,
        "state_sentence": pack.state(case.state).sentence,
        "their_number": next((e.their_number for e in case.exchanges if e.body == delivery.body), None),
        "reason": delivery.reason,
        "candidates": [],
    }


def case_of(delivery: Delivery) -> Snapshot:
    """What it tells of. Raises LookupError where it tells of none."""
    if delivery.case is None:
        raise LookupError("a delivery without a case")
    return delivery.case


def for_a_body(personal: DeliveryPersonal | None) -> DeliveryPersonal | None:
    """What may leave the town: the matter with people masked in it."""
    if personal is None:
        return None
    return DeliveryPersonal(
        address=personal.address,
        text=masked(without_correspondents(personal.text)) if personal.text else None,
        place_phrase=masked(personal.place_phrase) if personal.place_phrase else None,
        coordinates=personal.coordinates,
    )


def quoted(text: str) -> str:
    """A stranger's words, so marked that they cannot pass for the town's own."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


@lru_cache(maxsize=1024)
def unwrapped(template: str) -> str:
    """Sentences that the pack's author broke at the edge of his window, in one line again: each reader's window is another.

    Done to the template, so that no line of a value (a clerk's list, a stranger's words) is ever joined to another.
    """
    lines: list[str] = []
    previous = ""
    for line in template.splitlines():
        room = len(previous) + 1 + len(line.split(" ", 1)[0])
        if room > _AUTHORS_COLUMNS and len(previous) <= _AUTHORS_WINDOW and _goes_on(previous, line):
            lines[-1] = f"{lines[-1]} {line}"
        else:
            lines.append(line)
        previous = line
    return "\n".join(lines) + "\n"


def _goes_on(previous: str, line: str) -> bool:
    """A label, an item, a condition or a mere value begins a line of its own."""
    own_line = _OWN_LINE.match(line) is not None
    return bool(line) and not own_line and not previous.endswith(("}}", "%}", ":"))


def wrapped(body: str) -> str:
    """The plain text as mail has it: lines of at most 76 signs, quoted ones with the mark of a quote each."""
    return "\n".join(line for long_line in body.splitlines() for line in _wrapped(long_line, _COLUMNS)) + "\n"


def _wrapped(line: str, columns: int) -> list[str]:
    if len(line) <= columns and line.isprintable():
        return [line.rstrip()]
    mark = "> " if line.startswith(">") else ""
    # Groups of digits are telephone numbers more often than not: they stay together.
    held = re.sub(r"(?<=\d) (?=\d)", _HELD, line.removeprefix(mark.rstrip()).removeprefix(" ") if mark else line)
    pieces = wrap(held, columns - len(mark), break_long_words=False, break_on_hyphens=False) or [""]
    return [(mark + piece.replace(_HELD, " ")).rstrip() for piece in pieces]


def due_date(case: Snapshot, language: str) -> str | None:
    """By when a solution is promised, in words; None where it is due at once, which nobody could promise, and for thanks."""
    due = next((deadline.due for deadline in case.deadlines if deadline.kind == DeadlineKind.SOLUTION), None)
    promised = due is not None and due > case.received_at and case.kind != Kind.PRAISE
    return date_in_words(due, language) if due and promised else None


def date_in_words(moment: datetime, language: str) -> str:
    """`úterý 1. prosince 2026`, or with its hour `…, 14:30`, by the calendar and clock of Prague."""
    day = moment.astimezone(PRAGUE)
    # A term in hours has its hour, one in days ends with the day.
    hour = f", {day.hour}:{day.minute:02d}" if day.time() != _END_OF_DAY else ""
    if language == "en":
        return f"{_ENGLISH_DAYS[day.weekday()]} {day.day} {_ENGLISH_MONTHS[day.month - 1]} {day.year}{hour}"
    return f"{_DAYS[day.weekday()]} {day.day}. {_MONTHS[day.month - 1]} {day.year}{hour}"


def _town(pack: Pack) -> dict[str, Any]:
    town = pack.town
    return {
        "town_name": town.name,
        "town_web": town.web,
        "town_phone": town.phone,
        "police_phone": town.police_phone,
        "privacy_url": town.privacy_notice,
    }


def _matter(delivery: Delivery, pack: Pack, language: str) -> dict[str, Any]:
    case = case_of(delivery)
    if case.category is None:
        return {"category_name": None, "category_answer": None, "questions": [], "place_needed": True}
    category = pack.category(case.category)
    name: str | None = category.name_en if language == "en" else category.name
    guessed = not case.decided or category.slug == pack.defaults.unclear
    confidential = delivery.confidentiality != Confidentiality.OPEN
    if confidential:
        # Who reads a mailbox nobody can be sure of, be it a team's: no mail names the category of a confidential matter.
        name = _CONFIDENTIAL_CATEGORY.get(language, _CONFIDENTIAL_CATEGORY["cs"])
    elif guessed and delivery.role == Role.REPORTER:
        # Nobody tells a citizen what his own matter is before somebody knows it.
        name = None
    # The category's sentences and questions are there in Czech only and give a confidential one away; what an emergency's says, its own
    # text says better.
    czech = language != "en" and not confidential
    answer = category.answer if czech and category.slug != pack.defaults.emergency else None
    return {
        "category_name": name,
        "category_answer": answer,
        "questions": category.questions if czech else [],
        "place_needed": category.needs_place,
    }


def _competent(case: Snapshot, pack: Pack) -> dict[str, Any]:
    competent: dict[str, Any] = {"resolver_name": pack.town.name, "body_name": None, "body_phone": None}
    if case.category is not None:
        competent["resolver_name"] = pack.resolver_for(pack.category(case.category)).name
    resolver = case.resolver
    if resolver is not None and resolver.kind == ResolverKind.TEAM:
        # A newer pack may have dissolved the team: then the town as a whole answers for it.
        competent["resolver_name"] = next((t.name for t in pack.teams if t.slug == resolver.code), pack.town.name)
    if resolver is not None and resolver.kind == ResolverKind.BODY:
        body = pack.body(resolver.code)
        competent |= {"body_name": body.name, "body_phone": body.phone}
    person = resolver is not None and resolver.kind == ResolverKind.PERSON
    competent["solver_name"] = None if person else competent["body_name"] or competent["resolver_name"]
    return competent


def _message(delivery: Delivery, personal: DeliveryPersonal) -> str:
    if not personal.text:
        return _IN_THE_SYSTEM
    # A clerk's answer is the town's own word.
    return personal.text if delivery.template == "message_to_reporter" else quoted(personal.text)


def _coordinates(personal: DeliveryPersonal) -> str | None:
    if personal.coordinates is None:
        return None
    # Five places are a metre.
    return f"{personal.coordinates.latitude:.5f}, {personal.coordinates.longitude:.5f}"


def _short(place: str | None) -> str | None:
    # The words come from outside and go back into a mail: a stranger's advertisement must not travel in our name.
    if place is None:
        return None
    line = " ".join(place.split())
    return line if len(line) <= _LONGEST_PLACE else f"{line[: _LONGEST_PLACE - 1]}…"
