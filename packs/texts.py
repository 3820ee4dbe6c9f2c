"""The texts that go out: which there are, what each may speak of, and how they are filled in.

The wording is the pack's; this table is the agreement between those who write texts and the services that send them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import Field

from packs.base import Line, Model


class Wording(Model):
    """One text in one language: Jinja2 templates of the subject and the plain body."""

    subject: Line
    body: Annotated[str, Field(min_length=1, max_length=8000)]


class Text(Model):
    """One text in the languages it is there in; Czech always."""

    cs: Wording
    en: Wording | None = None


@dataclass(frozen=True)
class Variable:
    """Something a text may speak of. `absent` is what it holds where there is nothing to say."""

    name: str
    meaning: str
    sample: Any
    absent: Any = ...

    @property
    def variants(self) -> tuple[Any, ...]:
        """Values a text has to cope with."""
        return (self.sample,) if self.absent is ... else (self.sample, self.absent)


@dataclass(frozen=True)
class TextKey:
    """One text: what it is for and its variables, beside those that every text has."""

    key: str
    purpose: str
    variables: tuple[Variable, ...]
    languages: tuple[str, ...] = ("cs",)

    @property
    def declared(self) -> dict[str, Variable]:
        """All variables by name."""
        return {variable.name: variable for variable in (*EVERYWHERE, *self.variables)}


EVERYWHERE = (
    Variable("town_name", "The town as a letter's sender.", "Město Lipovany"),
    Variable("town_web", "The town's web.", "https://lipovany.test"),
    Variable("town_phone", "The office's telephone.", "+420 555 010 100"),
    Variable("police_phone", "The municipal police's telephone.", "156"),
    Variable("privacy_url", "The notice on personal data.", "https://lipovany.test/osobni-udaje"),
)
NUMBER = Variable("number", "The ticket's number.", "2026-000123")
MAYBE_NUMBER = Variable("number", "The ticket's number, if it has one yet.", "2026-000123", None)
CATEGORY = Variable("category_name", "What it is about, in the nominative.", "Výtluky a poškozená vozovka")
MAYBE_CATEGORY = Variable("category_name", "What it is about, if somebody knows.", "Výtluky a poškozená vozovka", None)
BODY_NAME = Variable("body_name", "The body outside that has it, where one has.", "Lipenské vodárny", None)
BODY_PHONE = Variable("body_phone", "Its telephone.", "+420 555 020 200", None)
URGENT = Variable("urgent", "Whether hours matter.", True, False)
STATE_NAME = Variable("state_name", "The state in words.", "Vyřešeno")
REASON_IN_WORDS = Variable("words", "What the clerk added.", "Díru jsme zasypali.", None)
PLACE = Variable("place", "Where, as the reporter put it.", "Husova 12", None)
DUE = Variable("due_date", "By when, as a date in words.", "úterý 1. prosince 2026", None)
REPORT = Variable("report_text", "The report's words.", "Před domem je díra.\nDěkuji.", None)
SUBJECT = Variable("subject", "The report's subject.", "Díra v silnici", None)
ATTACHED = Variable("attachments", "Names of the files that come with this message.", ["foto.jpg"], [])
LEFT_OUT = Variable("attachments_left_out", "Names of the files that do not come along.", ["video.mp4"], [])
WORDS = Variable("message_text", "The words of the message.", "Díru jsme zasypali.")
ACKNOWLEDGED = ("cs", "en")

_KEYS = (
    TextKey(
        "acknowledgement",
        "To the reporter, when the ticket has its number and its category.",
        (
            NUMBER,
            CATEGORY,
            Variable("category_answer", "The category's own sentences.", "Díru zajistíme.", None),
            PLACE,
            Variable(
                "place_needed", "Whether one has to know where it is: `needs_place` of the category.", True, False
            ),
            Variable("resolver_name", "The town's team.", "Technické služby města Lipovany"),
            BODY_NAME,
            BODY_PHONE,
            DUE,
            Variable("questions", "What we still need to know.", ["Jak je díra velká?"], []),
        ),
        ACKNOWLEDGED,
    ),
    TextKey(
        "acknowledgement_unclear",
        "To the reporter, when a dispatcher has to look first.",
        (NUMBER, PLACE, DUE),
        ACKNOWLEDGED,
    ),
    TextKey(
        "acknowledgement_emergency",
        "To the reporter of danger: this is no emergency line.",
        (NUMBER, PLACE, Variable("category_answer", "The category's own sentences.", "Volejte 1239.", None)),
        ACKNOWLEDGED,
    ),
    TextKey(
        "acknowledgement_confidential",
        "To the reporter of a restricted or sealed matter: nothing of its content.",
        (NUMBER,),
        ACKNOWLEDGED,
    ),
    TextKey(
        "task",
        "To the team that has to solve it.",
        (
            NUMBER,
            CATEGORY,
            PLACE,
            Variable("coordinates", "Latitude and longitude.", "49.41234, 15.58901", None),
            URGENT,
            Variable("emergency", "Whether it belongs to 112.", True, False),
            Variable("priority_name", "The priority in words.", "vysoká"),
            DUE,
            SUBJECT,
            REPORT,
            BODY_NAME,
            BODY_PHONE,
            REASON_IN_WORDS,
            Variable("category_answer", "What the citizen was told of the category.", "Díru zajistíme.", None),
            ATTACHED,
            LEFT_OUT,
        ),
    ),
    TextKey(
        "task_withdrawn",
        "To the team that had it until now: nothing to do any more.",
        (
            NUMBER,
            CATEGORY,
            PLACE,
            Variable("solver_name", "Who has it now: a team or an outside body.", "Odbor dopravy", None),
            REASON_IN_WORDS,
        ),
    ),
    TextKey("task_withdrawn_confidential", "The same of a restricted or sealed matter.", (NUMBER,)),
    TextKey(
        "task_moved",
        "To the team that solves it, when somebody else moved it to another state.",
        (NUMBER, CATEGORY, PLACE, STATE_NAME, REASON_IN_WORDS),
    ),
    TextKey("task_confidential", "To the team that has to solve a restricted or sealed matter.", (NUMBER, DUE)),
    TextKey(
        "body_request",
        "To a body outside the town: the least it needs.",
        (
            NUMBER,
            CATEGORY,
            PLACE,
            Variable("coordinates", "Latitude and longitude.", "49.41234, 15.58901", None),
            URGENT,
            REPORT,
            ATTACHED,
            LEFT_OUT,
        ),
    ),
    TextKey(
        "body_withdrawn",
        "To a body outside the town: no need to do anything any more.",
        (NUMBER, Variable("their_number", "The body's own number.", "SUS/123/2026", None)),
    ),
    TextKey(
        "message_to_reporter", "A clerk's answer to the reporter.", (NUMBER, MAYBE_CATEGORY, WORDS, ATTACHED, LEFT_OUT)
    ),
    TextKey(
        "state_changed",
        "To the reporter, when the case stands elsewhere.",
        (
            NUMBER,
            MAYBE_CATEGORY,
            PLACE,
            BODY_NAME,
            BODY_PHONE,
            STATE_NAME,
            Variable("state_sentence", "The state's sentence.", "Vaše hlášení jsme vyřešili.", None),
            REASON_IN_WORDS,
        ),
    ),
    TextKey(
        "message_from_reporter",
        "To the resolver: the reporter added something.",
        (NUMBER, CATEGORY, PLACE, STATE_NAME, WORDS, ATTACHED, LEFT_OUT),
    ),
    TextKey(
        "message_from_body",
        "To the resolver: the body outside the town answered.",
        (
            NUMBER,
            CATEGORY,
            PLACE,
            BODY_NAME,
            WORDS,
            ATTACHED,
            LEFT_OUT,
        ),
    ),
    TextKey(
        "internal_note",
        "To the resolver: a colleague left a note that the reporter does not see.",
        (NUMBER, CATEGORY, PLACE, WORDS, ATTACHED, LEFT_OUT),
    ),
    TextKey(
        "message_confidential",
        "To the reporter of a sealed matter: an answer waits that does not travel by e-mail.",
        (NUMBER,),
        ACKNOWLEDGED,
    ),
    TextKey(
        "dispatcher_attention",
        "To the dispatcher: something needs a person.",
        (
            MAYBE_NUMBER,
            Variable("reason", "`unsure`, `timed-out`, `delivery-failed` or `delivery-failed-confidential`.", "unsure"),
            Variable("category_name", "The best guess.", "Výtluky a poškozená vozovka", None),
            Variable("candidates", "Names of the most probable categories.", ["Kanalizace a splašky"], []),
            PLACE,
            SUBJECT,
            REPORT,
        ),
    ),
    TextKey(
        "too_large",
        "The mail server's one line to a sender whose message is too large; the subject is not used.",
        (Variable("limit", "The largest size in megabytes.", 25),),
    ),
)
TEXT_KEYS: Mapping[str, TextKey] = {key.key: key for key in _KEYS}


class TextError(ValueError):
    """A text cannot be filled in. The message names the text, never a value."""


@dataclass(frozen=True)
class Rendered:
    """A text filled in: one line, and plain text."""

    subject: str
    body: str


def environment() -> ImmutableSandboxedEnvironment:
    """The sandbox of all texts: plain text, nothing escaped, an unknown variable is an error."""
    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=False, autoescape=False
    )


_ENVIRONMENT = environment()


def render(text: Text, key: str, language: str, variables: Mapping[str, Any]) -> Rendered:
    """A text in a language, or in Czech where it is not there in that one.

    `variables` must hold all that `TEXT_KEYS[key]` declares; what is absent is given as None or an empty list.
    Raises TextError.
    """
    missing = TEXT_KEYS[key].declared.keys() - variables.keys()
    if missing:
        raise TextError(f"{key}: {', '.join(sorted(missing))} not given")
    wording = (text.en if language == "en" else None) or text.cs
    return Rendered(_one_line(_fill(wording.subject, key, variables)), _tidy(_fill(wording.body, key, variables)))


def _fill(template: str, key: str, variables: Mapping[str, Any]) -> str:
    try:
        return _compiled(template).render(variables)
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise TextError(f"{key}: {type(error).__name__}") from None


@lru_cache(maxsize=1024)
def _compiled(template: str) -> Template:
    # Compiling takes milliseconds, filling in microseconds, and a town has a few dozen texts.
    return _ENVIRONMENT.from_string(template)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _tidy(text: str) -> str:
    """Where a variable is absent, blank lines meet: never more than one of them."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"
