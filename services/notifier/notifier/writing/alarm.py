"""What an operator reads of an alarm: Czech first, then the same in English, with the commands that help. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from contracts.alarms import AlarmData, AlarmItem, AlarmKind
from notifier.writing.rendering import PRAGUE, date_in_words


@dataclass(frozen=True)
class Words:
    """Of one kind of alarm, by language."""

    subject: Mapping[str, str]
    meaning: Mapping[str, str]
    remedy: tuple[str, ...]
    page: str


_WORDS: Mapping[AlarmKind, Words] = {
    AlarmKind.ORIGINALS_WITHOUT_OUTCOME: Words(
        subject={"cs": "došlé zprávy bez výsledku", "en": "messages without an outcome"},
        meaning={
            "cs": "Originály těchto zpráv jsou uloženy, ale ani po minutě z nich není případ ani jiný výsledek.",
            "en": "The originals of these messages are kept, but a minute later there is no case and no other outcome.",
        },
        remedy=(
            "python -m tickets ledger",
            "python -m tickets ledger --missing | python -m intake_email repair -",
        ),
        page="docs/operations.md (The books)",
    ),
    AlarmKind.DEAD_LETTERS: Words(
        subject={"cs": "odložené zprávy čekají", "en": "dead letters wait"},
        meaning={
            "cs": "Některá služba odložila zprávy, které nedokázala přečíst nebo zpracovat. Nic se neztratilo, samo se to ale nevyřeší.",
            "en": "A service has put messages aside that it could not read or handle. Nothing is lost, but nothing will happen by itself.",
        },
        remedy=("python -m kit dead-letters list", "python -m kit dead-letters replay BOX --all"),
        page="docs/dead-letters.md",
    ),
}
_HEAD = {
    "alarm_raised": {"cs": "Závada", "en": "Alarm"},
    "alarm_repeated": {"cs": "Závada trvá", "en": "Alarm lasts"},
    "alarm_ended": {"cs": "V pořádku", "en": "Clean again"},
}
_OVER = {
    "cs": "Závada pominula, nic z toho už nechybí ani nečeká. Naposledy jsme hlásili:",
    "en": "What was wrong is right again; nothing of it is missing or waiting any more. Told last:",
}
_SINCE = {"cs": "Trvá od", "en": "Since"}
_BEGAN = {"cs": "Začalo", "en": "Began"}
_DO = {"cs": "Co pomůže:", "en": "What helps:"}
_MORE = {"cs": "Podrobně", "en": "More"}
_RHYTHM = {
    "cs": "Dokud závada trvá, přijde připomínka jednou denně; až pomine, napíšeme jednou.",
    "en": "While it lasts, a reminder comes once a day; when it is over, one more mail.",
}


def subject_of(alarm: AlarmData, template: str, town: str) -> str:
    """One line in both languages."""
    words, head = _WORDS[alarm.kind], _HEAD[template]
    czech, english = (f"{head[language]}: {words.subject[language]}" for language in ("cs", "en"))
    return f"[{town}] {czech} / {english}"


def text_of_alarm(alarm: AlarmData, template: str) -> str:
    """The plain text: counts, days, channels and commands, nothing else."""
    return f"{_part(alarm, template, 'cs')}\n-- English --\n\n{_part(alarm, template, 'en')}"


def _part(alarm: AlarmData, template: str, language: str) -> str:
    words, over = _WORDS[alarm.kind], template == "alarm_ended"
    lines = [_OVER[language] if over else words.meaning[language], ""]
    lines += [f"  {_line(item)}" for item in alarm.items]
    lines += ["", f"{(_BEGAN if over else _SINCE)[language]}: {_moment(alarm.raised_at, language)}"]
    if not over:
        lines += ["", _DO[language], *(f"  {command}" for command in words.remedy)]
        lines += [f"{_MORE[language]}: {words.page}", "", _RHYTHM[language]]
    return "\n".join(lines) + "\n"


def _line(item: AlarmItem) -> str:
    return f"{item.day}  {item.what}: {item.count}" if item.day else f"{item.what}: {item.count}"


def _moment(moment: datetime, language: str) -> str:
    return date_in_words(moment.astimezone(PRAGUE), language)
