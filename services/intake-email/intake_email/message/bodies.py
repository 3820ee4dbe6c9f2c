"""Which text of a message is read, and how it becomes plain text (RFC 2046 5.1.4, RFC 3676)."""

import re
from dataclasses import dataclass, field

from intake_email.message import charsets, hypertext
from intake_email.message.structure import Entity

MAXIMUM_TEXT_OCTETS = 4 * 1024 * 1024
"""Of one part of text: more than a thousand pages, the rest is in the original."""
_STUB = 80
"""A plain alternative below this many letters may only say that one should look at the HTML."""

_CHARSET_IN_HTML = re.compile(rb"<meta[^>]{1,200}charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)


@dataclass(slots=True)
class Passage:
    """One run of a message's text: the same words as plain text, as HTML, or both."""

    plain: list[Entity] = field(default_factory=list)
    hypertext: list[Entity] = field(default_factory=list)


def read(passages: list[Passage]) -> tuple[str, list[str]]:
    """The text of all passages and what was wrong with them."""
    reading = _Reading()
    texts = [reading.passage(passage) for passage in passages]
    return charsets.without_overrides("\n\n".join(text for text in texts if text)), reading.defects


class _Reading:
    """One message's reading: what was wrong, and how much HTML may still be read."""

    def __init__(self) -> None:
        self.defects: list[str] = []
        self._hypertext_left = hypertext.MAXIMUM_SOURCE

    def passage(self, passage: Passage) -> str:
        """The passage in the form that says more; plain where both do."""
        plain = "\n\n".join(filter(None, map(self._plain, passage.plain)))
        letters = len(plain.strip())
        if not passage.hypertext or letters >= _STUB:
            return plain.strip("\n")
        rich = "\n\n".join(filter(None, map(self._hypertext, passage.hypertext)))
        if letters == 0 or len(rich) > 2 * letters + 100:
            self.defects.append("html-only" if letters == 0 else "stub-plain-text")
            return rich
        return plain.strip("\n")

    def _plain(self, entity: Entity) -> str:
        text = self._decoded(entity)
        if entity.parameters.get("format", "").lower() == "flowed":
            return unflowed(text, delete_space=entity.parameters.get("delsp", "").lower() == "yes")
        return text

    def _hypertext(self, entity: Entity) -> str:
        source = self._decoded(entity)
        text, found = hypertext.to_text(source, self._hypertext_left)
        self._hypertext_left = max(0, self._hypertext_left - len(source))
        self.defects += found
        return charsets.clean(text)

    def _decoded(self, entity: Entity) -> str:
        content = entity.body(MAXIMUM_TEXT_OCTETS)
        if entity.end - entity.start > MAXIMUM_TEXT_OCTETS:
            self.defects.append("text-cut")
        self.defects += entity.defects
        entity.defects.clear()
        declared = entity.parameters.get("charset")
        if not declared and entity.media_type == "text/html" and (match := _CHARSET_IN_HTML.search(content, 0, 2_000)):
            declared = match[1].decode("ascii")
        text, found = charsets.decode(content, declared)
        # Text before MIME named no charset: that is a fault only where it matters.
        self.defects += [defect for defect in found if defect != "charset-missing" or not text.isascii()]
        return text


def unflowed(text: str, *, delete_space: bool) -> str:
    """Lines of `format=flowed` joined to paragraphs within one quote depth (RFC 3676 4)."""
    paragraphs: list[list[str]] = []
    open_depth: int | None = None
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        flows = content.endswith(" ") and content != "-- "
        kept = content[:-1] if flows and delete_space else content
        if open_depth == depth and content != "-- ":
            paragraphs[-1].append(kept)
        else:
            paragraphs.append([">" * depth + " " if depth else "", kept])
        open_depth = depth if flows else None
    joined = ("".join(paragraph) for paragraph in paragraphs)
    return "\n".join(paragraph if paragraph == "-- " else paragraph.rstrip() for paragraph in joined)
