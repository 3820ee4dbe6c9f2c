"""From a delivery to the mail that goes out: the town's pack, the words, the photos. Reads only through what it is given."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from contracts.alarms import AlarmData
from contracts.participants import Role
from contracts.reply_token import TokenRole, reply_address, sign
from contracts.reports import Part, PartKind
from kit.object_store import ObjectMissing, ObjectStore
from kit.verdicts import Clean, NotScanned, Scan, Why, unscanned
from notifier.addresses import in_transport_form, is_machine, is_own
from notifier.audience import Mark
from notifier.deliveries import Delivery
from notifier.writing.alarm import subject_of, text_of_alarm
from notifier.writing.mail import Attachment, Mail, build
from notifier.writing.page import html_of
from notifier.writing.photos import NotStrippable, without_metadata
from notifier.writing.rendering import PRAGUE, NotTold, language_of, text_of, wrapped
from packs import Pack, TextError

MOST_PHOTO_BYTES = 10 * 1024 * 1024
"""Of all photos of one mail: with base64 below the 15 MB that careful mail servers take."""
_ENDINGS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "image/heic": ".heic",
}
_FOR_BODIES = frozenset({"image/jpeg", "image/png", "image/webp"})
_UNFIT = frozenset({"executable", "too-many-pixels"})
_TOKEN_ROLES = {
    Role.REPORTER: TokenRole.REPORTER,
    Role.RESOLVER: TokenRole.RESOLVER,
    Role.DISPATCHER: TokenRole.RESOLVER,
    Role.BODY: TokenRole.BODY,
    Role.FORMER_RESOLVER: TokenRole.RESOLVER,
}


@dataclass(frozen=True)
class Parcel:
    """A mail ready for the relay."""

    envelope_sender: str
    recipient: str
    content: bytes


@dataclass(frozen=True)
class Unsendable:
    """It cannot or must not be sent. `reason`: `own-address`, `machine`, `unrenderable`; None where nobody is told."""

    reason: str | None


class ScannerAway(Exception):
    """Whether a photo is harmless cannot be asked now."""


class RulesetMissing(LookupError):
    """No pack of this municipality has come yet."""


@dataclass(frozen=True)
class SigningKey:
    """The newest key of the reply tokens."""

    key_id: str
    key: bytes


class Composer:
    """`pack_of` gives a municipality's pack or None; `photos` is where attachments lie; `scan` is asked about each that comes along."""

    def __init__(
        self, pack_of: Callable[[str], Pack | None], photos: ObjectStore, key: SigningKey, scan: Scan = unscanned
    ) -> None:
        self._pack_of, self._photos, self._key, self._scan = pack_of, photos, key, scan

    def compose(self, delivery: Delivery, *, patient: bool = True) -> Parcel | Unsendable:
        """The mail, the same to the byte each time but for photos that the scanner lets through or not. Who is not patient gets it
        without those that cannot be scanned now. Raises RulesetMissing, StoreAway, ScannerAway."""
        pack = self._pack_of(delivery.municipality)
        if pack is None:
            raise RulesetMissing(delivery.municipality)
        address = delivery.personal.address if delivery.personal else None
        if address is None:
            return Unsendable("no-address")
        if is_own(address, pack.town.email):
            return Unsendable("own-address")
        if is_machine(address) and delivery.mark != Mark.NONE and not delivery.from_pack:
            return Unsendable("machine")
        if delivery.alarm is not None:
            return self._alarm(delivery, delivery.alarm, pack, address)
        attached, left_out = self._attachments(delivery, patient=patient)
        try:
            rendered = text_of(delivery, pack, [attachment.file_name for attachment in attached], left_out)
        except NotTold:
            return Unsendable(None)
        except (TextError, LookupError):
            return Unsendable("unrenderable")
        language = language_of(delivery, pack)
        links = (pack.town.web, pack.town.privacy_notice)
        page = html_of(rendered, town_name=pack.town.name, links=links, language=language)
        mail = Mail(
            delivery_id=delivery.id,
            ticket_id=delivery.ticket_id,
            town_name=pack.town.name,
            town_address=pack.town.email,
            recipient=in_transport_form(address),
            reply_to=self._address(delivery, pack, _TOKEN_ROLES[delivery.role]),
            envelope_sender=self._address(delivery, pack, TokenRole.BOUNCE),
            subject=rendered.subject,
            plain=wrapped(rendered.body),
            html=None if delivery.role == Role.BODY else page,
            mark=delivery.mark,
            date=delivery.first_due.astimezone(PRAGUE),
            language=language,
            answers=delivery.personal.message_id if delivery.personal else None,
            attachments=attached,
        )
        return Parcel(mail.envelope_sender, mail.recipient, build(mail))

    def _alarm(self, delivery: Delivery, alarm: AlarmData, pack: Pack, address: str) -> Parcel:
        recipient = in_transport_form(address)
        mail = Mail(
            delivery_id=delivery.id,
            ticket_id=delivery.ticket_id,
            town_name=pack.town.name,
            town_address=pack.town.email,
            recipient=recipient,
            # An answer to the town would be a report, and there is nobody to read it as one.
            reply_to=recipient,
            envelope_sender=self._address(delivery, pack, TokenRole.BOUNCE),
            subject=subject_of(alarm, delivery.template, pack.town.name),
            plain=wrapped(text_of_alarm(alarm, delivery.template)),
            html=None,
            mark=delivery.mark,
            date=delivery.first_due.astimezone(PRAGUE),
            language="cs",
        )
        return Parcel(mail.envelope_sender, mail.recipient, build(mail))

    def _address(self, delivery: Delivery, pack: Pack, role: TokenRole) -> str:
        token = sign(delivery.municipality, role, delivery.ticket_id, key_id=self._key.key_id, key=self._key.key)
        return reply_address(pack.town.email, token)

    def _attachments(self, delivery: Delivery, *, patient: bool) -> tuple[list[Attachment], list[str]]:
        """Photos that come along, and names of what stays in the system."""
        for_body = delivery.role == Role.BODY
        names = file_names(delivery, for_body=for_body)
        attached, left_out, room = [], [], MOST_PHOTO_BYTES
        for part in delivery.parts:
            content = None
            if fits(part, room, for_body=for_body):
                content = self._photo(part, for_body=for_body, patient=patient)
            if content is None:
                left_out.append(names[part.name])
            else:
                attached.append(Attachment(names[part.name], part.media_type, content))
                room -= len(content)
        return attached, left_out

    def _photo(self, part: Part, *, for_body: bool, patient: bool) -> bytes | None:
        try:
            content = self._photos.get(part.key)
            content = without_metadata(content) if for_body else content
        except (ObjectMissing, NotStrippable):
            return None
        verdict = self._scan(content)
        if patient and verdict == NotScanned(Why.AWAY):
            raise ScannerAway
        return content if verdict in (Clean(), NotScanned(Why.NO_SCANNER)) else None


def fits(part: Part, room: int, *, for_body: bool) -> bool:
    """Whether a part comes along: photos only, within the room, and for bodies only what can be freed of metadata."""
    if part.kind != PartKind.IMAGE or part.size > room or not _UNFIT.isdisjoint(part.warnings):
        return False
    return not for_body or part.media_type in _FOR_BODIES


def file_names(delivery: Delivery, *, for_body: bool) -> dict[str, str]:
    """Name of each part as it is shown. For bodies none that the reporter chose: they often hold a name."""
    chosen = delivery.personal.file_names if delivery.personal else {}
    names: dict[str, str] = {}
    for position, part in enumerate(delivery.parts, start=1):
        default = f"foto-{position}" if part.kind == PartKind.IMAGE else f"priloha-{position}"
        name = default if for_body else _harmless(chosen.get(part.name, ""), default)
        ending = _ENDINGS.get(part.media_type, "")
        names[part.name] = _unlike(names.values(), name if name.casefold().endswith(ending) else name + ending)
    return names


def _harmless(name: str, default: str) -> str:
    """A file name without folders, control characters and signs that turn its direction; at most 80 characters."""
    bare = re.split(r"[\\/]", name)[-1]
    bare = re.sub(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069<>:\"|?*]", "", bare).strip(". ")
    return bare[-80:] or default


def _unlike(others: Collection[str], name: str) -> str:
    taken = {other.casefold() for other in others}
    while name.casefold() in taken:
        name = f"_{name}"
    return name
