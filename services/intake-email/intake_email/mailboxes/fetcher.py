"""One mailbox: what lies in it is handed to the intake and moved when it is safe, and only then (P1).

The mailbox is the only memory: what lies in its folder is to be taken. A process that dies between taking and moving, a second
process, a person who reads along: all of them only make the same mail be taken again, as the same report (P2). Marks such as
\\Seen mean nothing; what is marked as deleted has been deleted.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime

from intake_email.handlers import Accepted, Answer, Mail, TryLater
from intake_email.mailboxes import envelopes
from intake_email.mailboxes.books import Books
from intake_email.mailboxes.configuration import Mailbox
from intake_email.mailboxes.sessions import Facts, MailboxFault, Opening, Session, late, portions
from intake_email.recipients import AddressBook
from kit import metrics
from kit.object_store import StoreAway

TakeAll = Callable[[Sequence[Mail]], Sequence[Answer]]
_MANY = 100
_PROGRESS_SECONDS = 10.0
_FACTS_AT_ONCE = 500
_BOOKS_SECONDS = 300.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pauses:
    """Seconds before the next attempt: the first, doubled each time up to the longest."""

    first: float = 1.0
    longest: float = 60.0
    first_for_person: float = 30.0
    longest_for_person: float = 600.0
    """Where only a person can help: servers lock out who tries a wrong password too often."""
    mail_first: float = 60.0
    mail_longest: float = 600.0
    """For a single mail that our own code fails on, while the others go on."""

    def after(self, failures: int, *, person: bool) -> float:
        """Before the attempt that follows so many failed ones."""
        first, longest = (self.first_for_person, self.longest_for_person) if person else (self.first, self.longest)
        return min(longest, first * 2.0 ** min(failures - 1, 30))

    def of_mail(self, failures: int) -> float:
        """As `after`, for one mail."""
        return min(self.mail_longest, self.mail_first * 2.0 ** min(failures - 1, 30))


@dataclass
class Status:
    """How a mailbox is, for health: written by its thread, read by others."""

    reason: str | None = "connecting"
    progress: float = field(default_factory=time.monotonic)

    def check(self, patience: float = 600.0) -> str | None:
        """Readiness: None when it works."""
        if self.reason is None and time.monotonic() - self.progress > patience:
            return "no-progress"
        return self.reason


class Fetcher:
    """Of one mailbox; runs in a thread of its own."""

    def __init__(
        self,
        mailbox: Mailbox,
        opening: Opening,
        take_all: TakeAll,
        addresses: AddressBook,
        *,
        size_limit: int,
        clock: Callable[[], datetime],
        pauses: Pauses | None = None,
        books: Books | None = None,
    ) -> None:
        self._mailbox, self._open, self._take_all, self._addresses = mailbox, opening, take_all, addresses
        self._size_limit, self._clock, self._pauses = size_limit, clock, pauses or Pauses()
        self._postponed: dict[tuple[int, int], tuple[int, float]] = {}
        self._books, self._books_due = books, 0.0
        self._told, self._in_doubt = 0.0, False
        self.status = Status()

    def run(self, stop: threading.Event) -> None:
        """Until `stop`; what is in hand is finished."""
        failures = 0
        while not stop.is_set():
            try:
                with closing(self._open()) as session:
                    while not stop.is_set():
                        self.round(session, stop)
                        failures = 0
                        if self._look_into_the_books(session):
                            # Back to the folder in which to wait; something may have come meanwhile.
                            self.round(session, stop)
                        session.wait(self._mailbox.poll_seconds, stop)
            except MailboxFault as fault:
                failures += 1
                pause = self._pauses.after(failures, person=fault.person)
                self._is(fault.reason)
                extra = {"reason": fault.reason, "attempt": failures, "pause_seconds": round(pause, 1)}
                logger.warning("mailbox_waits", extra={"mailbox": self._mailbox.name, **extra})
                stop.wait(pause)

    def round(self, session: Session, stop: threading.Event) -> None:
        """Takes all that lies there. Raises MailboxFault."""
        found = session.waiting(self._mailbox.since)
        uids = self._due(found, session.validity)
        metrics.MAILBOX_WAITING.labels(self._mailbox.name).set(len(uids))
        if len(uids) >= _MANY:
            logger.info("mailbox_has_many", extra={"mailbox": self._mailbox.name, "count": len(uids)})
        done = 0
        self._told = time.monotonic()
        for start in range(0, len(uids), _FACTS_AT_ONCE):
            facts = session.facts(uids[start : start + _FACTS_AT_ONCE])
            waits = late(facts, self._clock()) + len(self._postponed)
            metrics.MAILBOX_LATE.labels(self._mailbox.name).set(waits)
            for portion in portions(facts, self._size_limit):
                if stop.is_set():
                    return
                self._take(session, portion)
                done += len(portion)
                self._progress(done, len(uids))
        self._is(None)
        metrics.MAILBOX_WAITING.labels(self._mailbox.name).set(len(self._postponed))
        metrics.MAILBOX_LATE.labels(self._mailbox.name).set(len(self._postponed))

    def _look_into_the_books(self, session: Session) -> bool:
        if self._books is None or time.monotonic() < self._books_due:
            return False
        self._books_due = time.monotonic() + _BOOKS_SECONDS
        try:
            missing = len(self._books.not_kept(session))
        except StoreAway:
            return True
        metrics.MAILBOX_NOT_KEPT.labels(self._mailbox.name).set(missing)
        if missing:
            logger.error("done_mails_without_original", extra={"mailbox": self._mailbox.name, "count": missing})
        return True

    def _due(self, uids: Sequence[int], validity: int) -> list[int]:
        # What is gone, or has another UIDVALIDITY, is forgotten.
        there, now = set(uids), time.monotonic()
        self._postponed = {
            key: found for key, found in self._postponed.items() if key[0] == validity and key[1] in there
        }
        return [uid for uid in uids if self._postponed.get((validity, uid), (0, 0.0))[1] <= now]

    def _progress(self, done: int, found: int) -> None:
        self.status.progress = time.monotonic()
        metrics.MAILBOX_WAITING.labels(self._mailbox.name).set(max(found - done, 0))
        if time.monotonic() - self._told >= _PROGRESS_SECONDS:
            self._told = time.monotonic()
            extra = {"mailbox": self._mailbox.name, "count": done, "left": max(found - done, 0)}
            logger.info("mailbox_progress", extra=extra)

    def _take(self, session: Session, portion: Mapping[int, Facts]) -> None:
        huge = [uid for uid, one in portion.items() if one.size > 2 * self._size_limit]
        contents = session.fetch([uid for uid in portion if uid not in huge], self._size_limit)
        refused: dict[str, list[int]] = {"too-large": huge}
        mails: dict[int, Mail] = {}
        answers: dict[int, Answer] = {}
        for uid, raw in contents.items():
            reason = envelopes.refusal(raw, self._size_limit)
            mail = self._mail(raw, portion[uid]) if reason is None else None
            if mail is not None:
                mails[uid] = mail
            elif reason is not None:
                refused.setdefault(reason, []).append(uid)
            else:
                answers[uid] = TryLater("failed")
        self._refuse(session, refused)
        answers |= dict(zip(mails, self._take_all(list(mails.values())), strict=True))
        accepted = [uid for uid, answer in answers.items() if isinstance(answer, Accepted)]
        for uid in accepted:
            self._postponed.pop((session.validity, uid), None)
        if accepted:
            session.move(accepted, self._mailbox.done)
            metrics.MAILBOX_MAILS.labels(self._mailbox.name, "done").inc(len(accepted))
        self._put_off(session.validity, answers)

    def _mail(self, raw: bytes, facts: Facts) -> Mail | None:
        now = self._clock()
        try:
            return envelopes.mail_of(raw, self._mailbox, self._addresses, facts.came(now), now)
        except Exception:
            # A fault of ours must cost this mail's place only, not the process.
            logger.error("mail_without_envelope", extra={"size": len(raw)}, exc_info=True)
            return None

    def _refuse(self, session: Session, refused: Mapping[str, Sequence[int]]) -> None:
        for reason, uids in refused.items():
            if uids:
                session.move(uids, self._mailbox.refused)
                metrics.MAILBOX_MAILS.labels(self._mailbox.name, reason).inc(len(uids))
                extra = {"mailbox": self._mailbox.name, "reason": reason, "count": len(uids)}
                logger.error("mails_refused", extra=extra)

    def _put_off(self, validity: int, answers: Mapping[int, Answer]) -> None:
        """Who was not taken comes again: all together where nobody was, else each in its own time, and the others go on (P4).

        One that is alone in its portion has the benefit of the doubt once: it may be the only one.
        """
        reasons = {uid: answer.reason for uid, answer in answers.items() if isinstance(answer, TryLater)}
        away = [reason for reason in reasons.values() if reason != "failed"]
        nobody = bool(away) and len(reasons) == len(answers)
        in_doubt, self._in_doubt = self._in_doubt, nobody and not self._in_doubt
        if nobody and (len(answers) > 1 or in_doubt):
            raise MailboxFault(away[0])
        for uid, reason in reasons.items():
            failures = self._postponed.get((validity, uid), (0, 0.0))[0] + 1
            self._postponed[validity, uid] = (failures, time.monotonic() + self._pauses.of_mail(failures))
            extra = {"mailbox": self._mailbox.name, "reason": reason, "attempt": failures}
            logger.error("mail_stays_in_mailbox", extra=extra)

    def _is(self, reason: str | None) -> None:
        self.status.reason, self.status.progress = reason, time.monotonic()
        metrics.MAILBOX_READY.labels(self._mailbox.name).set(reason is None)
