"""The books of a mailbox: every mail among the done ones has its original in the store, and none waits for longer than a minute.

What has an original has an outcome: that is the register's half (`python -m tickets ledger`). A mail among the done ones without an
original was put there by a person before it was taken; moved back to where mails come in, it is taken.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from contracts import object_keys
from intake_email import events
from intake_email.mailboxes import envelopes
from intake_email.mailboxes.configuration import Mailbox
from intake_email.mailboxes.sessions import Facts, Session, late, portions
from intake_email.message import parsing
from intake_email.recipients import AddressBook
from kit.object_store import ObjectStore

DAYS = 2


@dataclass(frozen=True, slots=True)
class Page:
    """Where a mailbox stands. Mails are named by UID, which says nothing of them."""

    waiting: int
    late: int
    done: int
    not_kept: tuple[int, ...]
    """UIDs in the folder of done ones."""
    days: tuple[date, ...]
    """Under which the originals of the others lie: what to ask the register for."""


class Books:
    """Compares one mailbox with the store; remembers what it found in order, so that each mail is fetched once more only."""

    def __init__(
        self,
        mailbox: Mailbox,
        addresses: AddressBook,
        store: ObjectStore,
        *,
        size_limit: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._mailbox, self._addresses, self._store = mailbox, addresses, store
        self._size_limit, self._clock = size_limit, clock
        self._in_order: dict[tuple[int, int], date] = {}

    def page(self, session: Session, days: int = DAYS) -> Page:
        """How the mailbox stands, its done ones of the last days. Raises MailboxFault, StoreAway."""
        waiting = session.waiting(self._mailbox.since)
        waits = late(session.facts(waiting), self._clock())
        missing = self.not_kept(session, days)
        found = tuple(sorted(set(self._in_order.values())))
        return Page(len(waiting), waits, len(self._in_order) + len(missing), missing, found)

    def not_kept(self, session: Session, days: int = DAYS) -> tuple[int, ...]:
        """UIDs of the done ones of the last days that have no original. Raises MailboxFault, StoreAway."""
        there = session.done((self._clock() - timedelta(days=days - 1)).date())
        keys = {(session.validity, uid) for uid in there}
        self._in_order = {key: day for key, day in self._in_order.items() if key in keys}
        unknown = [uid for uid in there if (session.validity, uid) not in self._in_order]
        missing = []
        for portion in portions(session.facts(unknown), self._size_limit):
            for uid, raw in session.fetch(list(portion), self._size_limit).items():
                if self._is_kept(raw, portion[uid]):
                    self._in_order[session.validity, uid] = portion[uid].came(self._clock()).date()
                else:
                    missing.append(uid)
        return tuple(missing)

    def _is_kept(self, raw: bytes, facts: Facts) -> bool:
        mail = envelopes.mail_of(raw, self._mailbox, self._addresses, facts.came(self._clock()))
        municipality = mail.recipients[0][1].municipality
        facts_of_mail = parsing.identify(raw)
        came = events.arrival(facts_of_mail, raw, municipality=municipality, tags=(), received_at=mail.received_at)
        return self._store.exists(object_keys.raw_key(came.folder))
