"""What the handler and the sender need of the place where deliveries are kept."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from notifier.deliveries import Delivery, State
from notifier.sending.turns import Busy


@dataclass(frozen=True)
class Figures:
    """How much waits; `oldest_due` is the earliest time at which something was due and is not in hand."""

    due: int
    oldest_due: datetime | None
    untold: int


class DeliveryStore(Protocol):
    """What the handler and the sender need of the store. Every call may raise DatabaseAway."""

    def add(self, deliveries: Sequence[Delivery]) -> int:
        """Keeps those that are new by their id; returns how many were."""

    def cancel(self, events: Collection[UUID], now: datetime) -> int:
        """Cancels what of these events is due and in nobody's hand; returns how many."""

    def due(self, now: datetime, *, busy: Busy, limit: int) -> list[Delivery]:
        """Due, in nobody's hand, of no busy lane or thread and behind no earlier one of its thread, the longest due first."""

    def take(self, owner: str, ids: Collection[UUID]) -> set[UUID]:
        """Takes those in hand that are still free; returns which."""

    def write_back(self, owner: str, deliveries: Sequence[Delivery]) -> None:
        """Writes the changing fields of those that `owner` has in hand; what another has taken over stays as it is."""

    def let_go(self, owner: str, but: Collection[UUID]) -> int:
        """Frees what `owner` has in hand except these; returns how many."""

    def tried_since(self, cap_keys: Collection[str], since: datetime) -> dict[str, list[datetime]]:
        """When automatic mails of each cap key were tried since then."""

    def untold(self, limit: int) -> list[Delivery]:
        """Those whose outcome has still to be published, the longest finished first."""

    def told(self, ids: Collection[UUID]) -> None:
        """Their outcome is published."""

    def tell_again(self, since: datetime) -> int:
        """For operators: what was finished since then is told once more; returns how many."""

    def beat(self, owner: str, instance: str, alive_until: datetime) -> None:
        """This sender lives at least until then."""

    def take_over(self, owner: str, instance: str, now: datetime) -> int:
        """Frees what dead senders, and earlier ones under the same instance's name, had in hand; returns how many."""

    def leave(self, owner: str) -> None:
        """This sender ends: frees what it still had in hand."""

    def forget(self, finished_before: datetime) -> int:
        """Deletes the personal part of what was finished before then; returns of how many."""

    def figures(self, now: datetime) -> Figures:
        """How much waits."""

    def listing(self, *, state: State | None, ticket: UUID | None, limit: int) -> list[Delivery]:
        """For operators, the newest first."""

    def retry(self, id: UUID, now: datetime) -> bool:
        """Makes a failed one due again; False where that cannot be."""


class DatabaseAway(Exception):
    """The database does not answer: try again later."""
