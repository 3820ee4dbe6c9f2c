"""The fake of the store: passes the same suite as MongoDB (test_store.py). `away` makes every call fail."""

import threading
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from notifier.audience import Mark
from notifier.deliveries import CHANGING, Delivery, State, abandoned, asked_again, cancelled
from notifier.keeping import DatabaseAway, Figures
from notifier.sending.turns import Busy

Call = TypeVar("Call", bound=Callable[..., Any])


def _reached(call: Call) -> Call:
    @wraps(call)
    def guarded(self: "MemoryDeliveryStore", *arguments: Any, **named: Any) -> Any:
        with self._lock:
            if self.away:
                raise DatabaseAway
            return call(self, *arguments, **named)

    return guarded  # type: ignore[return-value]


class MemoryDeliveryStore:
    """Implements DeliveryStore."""

    def __init__(self) -> None:
        self.kept: dict[UUID, Delivery] = {}
        self.senders: dict[str, tuple[str, datetime]] = {}
        self.away = False
        self._lock = threading.RLock()

    def _those(self, fits: Callable[[Delivery], bool]) -> list[Delivery]:
        return [delivery for delivery in self.kept.values() if fits(delivery)]

    @_reached
    def add(self, deliveries: Sequence[Delivery]) -> int:
        new = {delivery.id: delivery for delivery in deliveries if delivery.id not in self.kept}
        self.kept |= new
        return len(new)

    @_reached
    def cancel(self, events: Collection[UUID], now: datetime) -> int:
        found = self._those(lambda d: d.event_id in events and d.state == State.DUE and d.owner is None)
        self.kept |= {delivery.id: cancelled(delivery, now) for delivery in found}
        return len(found)

    @_reached
    def due(self, now: datetime, *, busy: Busy, limit: int) -> list[Delivery]:
        found = self._those(
            lambda d: (
                d.state == State.DUE
                and d.owner is None
                and d.due_at <= now
                and d.lane not in busy.lanes
                and d.thread not in busy.threads
                and not self._behind_another(d)
            )
        )
        return sorted(found, key=lambda d: d.due_at)[:limit]

    def _behind_another(self, one: Delivery) -> bool:
        unfinished = self._those(lambda d: d.state in (State.DUE, State.SENDING) and d.thread == one.thread)
        return any(other.sequence < one.sequence for other in unfinished)

    @_reached
    def take(self, owner: str, ids: Collection[UUID]) -> set[UUID]:
        free = {id for id in ids if self.kept[id].owner is None and self.kept[id].state == State.DUE}
        self.kept |= {id: self.kept[id].model_copy(update={"owner": owner}) for id in free}
        return free

    @_reached
    def write_back(self, owner: str, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            if self.kept[delivery.id].owner == owner:
                update = {name: getattr(delivery, name) for name in CHANGING}
                self.kept[delivery.id] = self.kept[delivery.id].model_copy(update=update)

    @_reached
    def tried_since(self, cap_keys: Collection[str], since: datetime) -> dict[str, list[datetime]]:
        tried: dict[str, list[datetime]] = {}
        for delivery in self.kept.values():
            counted = delivery.counted_at
            if delivery.cap_key in cap_keys and delivery.mark != Mark.NONE and counted and counted > since:
                tried.setdefault(delivery.cap_key, []).append(counted)
        return tried

    @_reached
    def untold(self, limit: int) -> list[Delivery]:
        found = self._those(lambda d: d.untold)
        return sorted(found, key=lambda d: d.finished_at or d.created_at)[:limit]

    @_reached
    def told(self, ids: Collection[UUID]) -> None:
        self.kept |= {id: self.kept[id].model_copy(update={"untold": False}) for id in ids}

    @_reached
    def tell_again(self, since: datetime) -> int:
        again = [
            d for d in self.kept.values() if d.finished_at and d.finished_at >= since and d.state != State.CANCELLED
        ]
        self.kept |= {d.id: d.model_copy(update={"untold": True}) for d in again}
        return len(again)

    @_reached
    def beat(self, owner: str, instance: str, alive_until: datetime) -> None:
        self.senders[owner] = (instance, alive_until)

    @_reached
    def take_over(self, owner: str, instance: str, now: datetime) -> int:
        freed = 0
        for other, (its_instance, alive_until) in list(self.senders.items()):
            if other != owner and (its_instance == instance or alive_until < now):
                freed += self._free(other, ())
                del self.senders[other]
        return freed

    @_reached
    def let_go(self, owner: str, but: Collection[UUID]) -> int:
        return self._free(owner, but)

    @_reached
    def leave(self, owner: str) -> None:
        self._free(owner, ())
        self.senders.pop(owner, None)

    def _free(self, owner: str, but: Collection[UUID]) -> int:
        found = self._those(lambda d: d.owner == owner and d.id not in but)
        self.kept |= {delivery.id: abandoned(delivery) for delivery in found}
        return len(found)

    @_reached
    def forget(self, finished_before: datetime) -> int:
        found = self._those(
            lambda d: (
                d.state == State.FAILED
                and d.personal is not None
                and d.finished_at is not None
                and d.finished_at < finished_before
            )
        )
        self.kept |= {delivery.id: delivery.model_copy(update={"personal": None}) for delivery in found}
        return len(found)

    @_reached
    def figures(self, now: datetime) -> Figures:
        due = self._those(lambda d: d.state == State.DUE and d.owner is None and d.due_at <= now)
        oldest = min((delivery.due_at for delivery in due), default=None)
        return Figures(len(due), oldest, len(self._those(lambda d: d.untold)))

    @_reached
    def listing(self, *, state: State | None, ticket: UUID | None, limit: int) -> list[Delivery]:
        found = self._those(lambda d: state in (None, d.state) and ticket in (None, d.ticket_id))
        return sorted(found, key=lambda d: d.created_at, reverse=True)[:limit]

    @_reached
    def retry(self, id: UUID, now: datetime) -> bool:
        again = asked_again(self.kept[id], now) if id in self.kept else None
        if again is not None:
            self.kept[id] = again
        return again is not None
