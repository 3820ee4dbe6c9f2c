"""A message's tree sorted by what its parts are to a reader: text, files, forwarded messages, delivery status."""

from dataclasses import dataclass, field

from intake_email.message import attachments, bodies, charsets, headers, quotes, structure
from intake_email.message.attachments import Attachment
from intake_email.message.bodies import Passage
from intake_email.message.headers import Headers
from intake_email.message.structure import Entity

MAXIMUM_PARTS = 50
MAXIMUM_PASSAGES = 50
_FORWARD_DEPTH = 3
_NOTE_LETTERS = 160
"""Text up to here may be a mere note above a forwarded message."""
_RETURNED_TYPES = (
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "message/global-headers",
    "message/rfc822-headers",
)


@dataclass(slots=True)
class Contents:
    """A message's parts by use. `files` are with whether they are shown inline, `left_out` counts those not looked at."""

    passages: list[Passage] = field(default_factory=list)
    files: list[tuple[Entity, bool]] = field(default_factory=list)
    messages: list[Entity] = field(default_factory=list)
    status_parts: list[Entity] = field(default_factory=list)
    returned_headers: list[Headers] = field(default_factory=list)
    report_type: str | None = None
    left_out: int = 0
    defects: list[str] = field(default_factory=list)


def sorted_out(root: Entity) -> Contents:
    """The contents of a message."""
    contents = Contents()
    _sort(root, contents, None, inline=False, root=True)
    if not contents.passages and contents.report_type is None:
        _read_named_texts(contents)
    return contents


def _read_named_texts(contents: Contents) -> None:
    """Where there is no other text, one with a name is it: gateways for MMS and some telephones name what was written."""
    kept = []
    for entity, inline in contents.files:
        if entity.media_type == "text/plain" and entity.disposition != "attachment" and not _is_message_file(entity):
            contents.passages.append(Passage(plain=[entity]))
        else:
            kept.append((entity, inline))
    contents.files = kept


def _sort(entity: Entity, contents: Contents, passage: Passage | None, *, inline: bool, root: bool = False) -> None:
    """Sorts a tree's leaves: text to read, files, nested messages, delivery status. Depth is bounded by structure.py."""
    contents.defects += entity.defects
    entity.defects.clear()
    contents.left_out += entity.left_out
    kind = entity.media_type
    if entity.children:
        _collect_children(entity, contents, passage, inline=inline)
    elif kind in ("text/plain", "text/html") and (root or _is_text(entity)):
        target = passage
        if target is None:
            target = Passage()
            contents.passages.append(target)
        (target.plain if kind == "text/plain" else target.hypertext).append(entity)
    elif kind in ("message/delivery-status", "message/global-delivery-status"):
        contents.status_parts.append(entity)
        contents.files.append((entity, False))
    else:
        _collect_file(entity, contents, inline=inline)


def _collect_children(entity: Entity, contents: Contents, passage: Passage | None, *, inline: bool) -> None:
    kind = entity.media_type
    if kind == "multipart/alternative" and passage is None:
        passage = Passage()
        contents.passages.append(passage)
    elif kind == "multipart/report" and contents.report_type is None:
        contents.report_type = entity.parameters.get("report-type", "").lower() or "unknown"
    elif kind == "multipart/encrypted":
        contents.defects.append("encrypted")
    for child in entity.children:
        _sort(child, contents, passage, inline=inline or kind == "multipart/related")


def _collect_file(entity: Entity, contents: Contents, *, inline: bool) -> None:
    kind = entity.media_type
    if kind == "application/ms-tnef" or (entity.file_name or "").lower() == "winmail.dat":
        contents.defects.append("winmail-dat")
    elif kind in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
        signed = entity.parameters.get("smime-type", "").lower() == "signed-data"
        contents.defects.append("signed-opaque" if signed else "encrypted")
    elif kind in _RETURNED_TYPES and contents.report_type is not None:
        body = entity.body()
        contents.returned_headers.append(headers.split(body, 0, len(body))[0])
    elif kind in ("message/rfc822", "message/global") or _is_message_file(entity):
        contents.messages.append(entity)
    elif kind in ("text/amp-html", "text/x-amp-html", "text/watch-html"):
        return
    shown = entity.disposition == "inline" or (inline and entity.disposition != "attachment")
    contents.files.append((entity, shown))


def _is_message_file(entity: Entity) -> bool:
    """Some clients send a message that is passed on as any file; its ending tells."""
    unknown = entity.media_type in ("application/octet-stream", "application/eml", "text/plain", "application/x-eml")
    return unknown and (entity.file_name or "").lower().endswith(".eml")


def _is_text(entity: Entity) -> bool:
    return entity.disposition != "attachment" and entity.file_name is None


def files(contents: Contents) -> list[Attachment]:
    """The first files, decoded; the rest is counted."""
    kept = []
    contents.left_out += max(0, len(contents.files) - MAXIMUM_PARTS)
    contents.left_out += max(0, len(contents.passages) - MAXIMUM_PASSAGES)
    for entity, inline in contents.files[:MAXIMUM_PARTS]:
        content = entity.body()
        name = entity.file_name
        if name is None and entity.media_type == "message/rfc822":
            name = f"{headers.split(content, 0, len(content))[0].text('subject')[:100] or 'zpráva'}.eml"
        declared = "message/rfc822" if _is_message_file(entity) else entity.media_type
        kept.append(attachments.attachment(content, declared, name, inline=inline))
        contents.defects += entity.defects
    return kept


def with_forwarded(divided: quotes.Divided, contents: Contents) -> quotes.Divided:
    """Takes in what a message attached to a mere note says: its text and files are the matter (it stays a part as well)."""
    if contents.report_type is not None or not contents.messages or len(divided.text) > _NOTE_LETTERS:
        return divided
    forwarded = _forwarded_texts(contents, contents.messages[:_FORWARD_DEPTH], 1)
    if not forwarded:
        return divided
    return quotes.Divided("\n\n".join(filter(None, (divided.text, *forwarded))), divided.quote, divided.signature)


def _forwarded_texts(contents: Contents, messages: list[Entity], depth: int) -> list[str]:
    texts: list[str] = []
    for entity in messages:
        nested = structure.read_nested(entity)
        if nested is None:
            continue
        inner = sorted_out(nested)
        text, defects = bodies.read(inner.passages[:MAXIMUM_PASSAGES])
        contents.files += inner.files
        contents.left_out += inner.left_out
        contents.defects += inner.defects + defects
        title = "\n".join(
            f"{label}: {value}"
            for label, name in (("Od", "from"), ("Datum", "date"), ("Předmět", "subject"))
            if (value := charsets.one_line(nested.headers.text(name))[:300])
        )
        texts += filter(None, (title, text.strip()))
        if depth < _FORWARD_DEPTH and len(text) <= _NOTE_LETTERS:
            texts += _forwarded_texts(contents, inner.messages[:_FORWARD_DEPTH], depth + 1)
    return texts


def all_defects(contents: Contents) -> tuple[str, ...]:
    """What was wrong, each once."""
    if contents.left_out:
        contents.defects += ["too-many-parts", f"parts-left-out.{contents.left_out}"]
    return tuple(dict.fromkeys(contents.defects))
