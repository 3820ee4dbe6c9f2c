"""Which text of a message is read, and how it becomes plain text (RFC 2046 5.1.4, RFC 3676)."""

from dataclasses import dataclass, field

from intake_email.message import charsets, hypertext
from intake_email.message.structure import Entity

_STUB = 80
"""A plain alternative below this many letters may only say that one should look at the HTML."""


@dataclass(slots=True)
class Passage:
    """One run of a message's text: the same words as plain text, as HTML, or both."""

    plain: list[Entity] = field(default_factory=list)
    hypertext: list[Entity] = field(default_factory=list)


def read(passages: list[Passage]) -> tuple[str, list[str]]:
    """The text of all passages and what was wrong with them."""
    defects: list[str] = []
    texts = [_passage(passage, defects) for passage in passages]
    return "\n\n".join(text for text in texts if text), defects


def _passage(passage: Passage, defects: list[str]) -> str:
    plain = "\n\n".join(filter(None, (_plain(entity, defects) for entity in passage.plain)))
    letters = len(plain.strip())
    if not passage.hypertext or letters >= _STUB:
        return plain.strip("\n")
    rich = "\n\n".join(filter(None, (_hypertext(entity, defects) for entity in passage.hypertext)))
    if letters == 0 or len(rich) > 4 * letters + 100:
        if passage.plain or rich:
            defects.append("html-only" if letters == 0 else "stub-plain-text")
        return rich
    return plain.strip("\n")


def _plain(entity: Entity, defects: list[str]) -> str:
    text = _decoded(entity, defects)
    if entity.parameters.get("format", "").lower() == "flowed":
        return unflowed(text, delete_space=entity.parameters.get("delsp", "").lower() == "yes")
    return text


def _hypertext(entity: Entity, defects: list[str]) -> str:
    text, found = hypertext.to_text(_decoded(entity, defects))
    defects.extend(found)
    return charsets.clean(text)


def _decoded(entity: Entity, defects: list[str]) -> str:
    content = entity.body()
    defects.extend(entity.defects)
    entity.defects.clear()
    text, found = charsets.decode(content, entity.parameters.get("charset"))
    # A missing charset is no fault of a part that names no type at all (RFC 5322 text before MIME) unless it matters.
    defects.extend(defect for defect in found if defect != "charset-missing" or not text.isascii())
    return text


def unflowed(text: str, *, delete_space: bool) -> str:
    """Lines of `format=flowed` joined to paragraphs within one quote depth (RFC 3676 4)."""
    paragraphs: list[str] = []
    open_depth: int | None = None
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        flows = content.endswith(" ") and content != "-- "
        kept = content[:-1] if flows and delete_space else content
        if open_depth == depth and content != "-- ":
            paragraphs[-1] += kept
        else:
            paragraphs.append((">" * depth + " " if depth else "") + kept)
        open_depth = depth if flows else None
    return "\n".join(paragraph if paragraph == "-- " else paragraph.rstrip() for paragraph in paragraphs)
