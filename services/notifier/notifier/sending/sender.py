"""Works the deliveries off: takes what is due, hands it to the relay, notes what became of it.

One loop takes, one task per delivery sends, one loop tells the outcomes, one loop shows that this sender lives. What waits for a
person's mail server waits in the records; only a relay that is away stops all, and then nothing is taken.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import UUID, uuid4

from kit import logs, metrics
from kit.object_store import StoreAway
from notifier import caps, deliveries
from notifier.caps import Caps
from notifier.deliveries import Answer, Delivery, State
from notifier.keeping import DatabaseAway, DeliveryStore
from notifier.sending.gate import Gate
from notifier.sending.notes import Notes
from notifier.sending.relay import MailNotHeard, Relay, RelayAway
from notifier.sending.telling import Teller, wait
from notifier.sending.turns import Room, busy_with, choose
from notifier.sending.wire import Wire
from notifier.writing.composing import Composer, Parcel, RulesetMissing, ScannerAway, Unsendable

IDLE_SECONDS = 0.5
PACE_SECONDS = 0.01
BEAT_SECONDS = 5.0
ALIVE_FOR = timedelta(seconds=30)
SAFE_SECONDS = 20.0
"""So long after the last sign of life nothing more is begun: another may think us dead ten seconds later."""
WAIT_FOR_RULESET = timedelta(seconds=10)
WAIT_FOR_PHOTOS = timedelta(seconds=15)
PATIENCE_WITH_SCANNER = timedelta(minutes=10)
"""So long after it was due first a mail waits for a scanner that is away; then it goes out without its photos."""
KEEP_FAILED = timedelta(days=14)
"""So long an operator may ask for a failed delivery again; then its personal part is deleted."""
LEAVE_WITHIN = 8.0
RETRY_SECONDS = 0.5

Result = TypeVar("Result")
logger = logging.getLogger(__name__)


@dataclass
class Sender:
    """All parts are given, so that tests give others. `clock` gives the time in UTC."""

    store: DeliveryStore
    composer: Composer
    relay: Relay
    teller: Teller
    instance: str
    clock: Callable[[], datetime]
    caps: Caps = field(default_factory=Caps)
    room: Room = field(default_factory=Room)
    wire: Wire = field(default_factory=Wire)
    gate: Gate = field(default_factory=Gate)

    def __post_init__(self) -> None:
        self.owner = f"{self.instance}/{uuid4()}"
        self._hand: dict[UUID, Delivery] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._work = asyncio.Event()
        self._stop = threading.Event()
        self._alive_since = 0.0
        self._store_away = False
        self._last_turn = time.monotonic()
        self._loop: asyncio.AbstractEventLoop | None = None
        # Photos and rendering must not hold up the marks of mails under way, nor these one another.
        self._store_threads = ThreadPoolExecutor(4, "deliveries")
        self._composing_threads = ThreadPoolExecutor(2, "composing")
        self._photo_threads = ThreadPoolExecutor(4, "photos")
        self._notes = Notes(lambda records: self._in_store(self.store.write_back, self.owner, records))
        self._lost_count = False

    async def run(self, stop: threading.Event) -> None:
        """Works until `stop`; then lets what is under way come to its end. What a loop raises ends all."""
        self._loop = asyncio.get_running_loop()
        self._stop = stop
        work = (self._take_forever(), self._beat_forever(), self.teller.run())
        loops = [asyncio.create_task(coroutine) for coroutine in work]
        try:
            ended, _ = await asyncio.wait(loops, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=LEAVE_WITHIN)
        finally:
            for task in (*loops, *self._tasks):
                task.cancel()
            await asyncio.gather(*loops, *self._tasks, return_exceptions=True)
            await self.relay.close()
            with suppress(DatabaseAway):
                await self._in_store(self.store.leave, self.owner)
            for threads in (self._composing_threads, self._photo_threads, self._store_threads):
                threads.shutdown(wait=False)

    def wake(self) -> None:
        """There may be work; from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._work.set)

    def check(self) -> str | None:
        """Readiness: None while mails can go out."""
        if self._store_away:
            return "database-away"
        return self.gate.reason or self.teller.check() or self.stuck()

    def stuck(self) -> str | None:
        """Liveness: the loop has not turned for two minutes."""
        return "sender-stands" if time.monotonic() - self._last_turn > 120 else None

    # Taking.

    async def _take_forever(self) -> None:
        while not self._stop.is_set():
            self._last_turn = time.monotonic()
            self._work.clear()
            taken = 0
            try:
                taken = await self._take()
            except DatabaseAway:
                # Whether something came in hand before the connection broke is not known.
                self._lost_count = True
                self._note_store(away=True)
            if taken:
                # So that many places are free when it looks again: one look each would cost more than the mails.
                await self._half_empty()
            else:
                await wait(self._work, IDLE_SECONDS)

    async def _half_empty(self) -> None:
        while len(self._hand) > self.room.total // 2 and not self._stop.is_set():
            self._work.clear()
            await wait(self._work, IDLE_SECONDS)
        await asyncio.sleep(PACE_SECONDS)

    async def _take(self) -> int:
        """Takes what is due and fits; returns how many came in hand."""
        limit = min(self.gate.limit(time.monotonic(), self.room.total), self.room.total) - len(self._hand)
        if limit <= 0 or not self._surely_alive():
            return 0
        if self._lost_count:
            await self._in_store(self.store.let_go, self.owner, list(self._hand))
            self._lost_count = False
        now = self.clock()
        busy = busy_with(self._hand.values(), self.room)
        # Some more than fit, because of what goes one after another.
        found = await self._in_store(lambda: self.store.due(now, busy=busy, limit=limit + 8))
        self._note_store(away=False)
        chosen = choose(found, self._hand.values(), self.room)[:limit]
        if not chosen:
            return 0
        ids = await self._in_store(self.store.take, self.owner, [delivery.id for delivery in chosen])
        mine = [delivery.model_copy(update={"owner": self.owner}) for delivery in chosen if delivery.id in ids]
        going, capped = await self._under_caps(mine, now)
        for delivery in mine:
            self._hand[delivery.id] = delivery
        for delivery in capped:
            self._start(delivery, self._finish(delivery, deliveries.failed(delivery, "capped", now)))
        for delivery in going:
            self._start(delivery, self._send(delivery))
        return len(mine)

    async def _under_caps(self, mine: list[Delivery], now: datetime) -> tuple[list[Delivery], list[Delivery]]:
        keys = {delivery.cap_key for delivery in mine if caps.counts(delivery)}
        if not keys:
            return mine, []
        tried = await self._in_store(self.store.tried_since, keys, now - caps.LONG_WINDOW)
        for delivery in self._hand.values():
            if delivery.cap_key in keys and caps.counts(delivery):
                tried.setdefault(delivery.cap_key, []).append(now)
        return caps.divide(mine, tried, now, self.caps)

    def _start(self, delivery: Delivery, work: Coroutine[Any, Any, None]) -> None:
        async def guarded() -> None:
            with logs.bind(delivery_id=str(delivery.id), ticket_id=str(delivery.ticket_id), template=delivery.template):
                try:
                    await work
                except Exception:
                    logger.exception("delivery_broken")
                    await self._finish(delivery, deliveries.failed(delivery, "broken", self.clock()))
                finally:
                    self._hand.pop(delivery.id, None)
                    self._work.set()

        task = asyncio.create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Sending.

    async def _send(self, delivery: Delivery) -> None:
        parcel = await self._composed(delivery)
        if parcel is None:
            return
        try:
            async with self.wire.place(delivery.lane):
                if self._stop.is_set() or self.gate.shut(time.monotonic()):
                    # While it waited for its place: it is as free as before.
                    await self._finish(delivery, deliveries.put_back(delivery, delivery.due_at))
                    return
                await self._hand_over(delivery, parcel)
        except MailNotHeard as refusal:
            self._close_gate(str(refusal))
            await self._finish(delivery, deliveries.not_heard(delivery, refusal.status, self.clock()))
        except RelayAway as away:
            self._close_gate(str(away))
            await self._finish(delivery, deliveries.put_back(delivery, delivery.due_at))

    async def _hand_over(self, delivery: Delivery, parcel: Parcel) -> None:
        """Raises RelayAway, MailNotHeard."""
        started = time.monotonic()
        async with self.relay.line() as line:
            answer: Answer | None = await line.announce(parcel.envelope_sender, parcel.recipient, len(parcel.content))
            self._open_gate()
            tried = deliveries.tried(delivery, self.clock())
            if answer is None:
                # Before the mail, not after: a crash must not hide that it may have gone out.
                await self._notes.write(deliveries.handed_over(tried))
                if not self._surely_alive():
                    # The note took so long that another may have taken over: it did not go out here.
                    await self._finish(delivery, deliveries.put_back(delivery, self.clock()))
                    return
                with metrics.SENDS_UNDER_WAY.track_inprogress():
                    answer = await line.hand_over(parcel.recipient, parcel.content)
        metrics.SENDING_SECONDS.observe(time.monotonic() - started)
        await self._finish(delivery, deliveries.answered(tried, answer, self.clock()))

    async def _composed(self, delivery: Delivery) -> Parcel | None:
        """The mail; None where the record has been brought to another end."""
        now = self.clock()
        loop = asyncio.get_running_loop()
        try:
            threads = self._photo_threads if delivery.parts else self._composing_threads
            patient = now - delivery.first_due < PATIENCE_WITH_SCANNER
            parcel = await loop.run_in_executor(threads, partial(self.composer.compose, delivery, patient=patient))
        except RulesetMissing:
            logger.warning("ruleset_missing", extra={"municipality": delivery.municipality})
            await self._finish(delivery, deliveries.put_back(delivery, now + WAIT_FOR_RULESET))
            return None
        except (StoreAway, ScannerAway) as away:
            logger.warning("scanner_away" if isinstance(away, ScannerAway) else "object_store_away")
            await self._finish(delivery, deliveries.put_back(delivery, now + WAIT_FOR_PHOTOS))
            return None
        if isinstance(parcel, Parcel):
            return parcel
        await self._finish(delivery, _unsent(delivery, parcel, now))
        return None

    async def _finish(self, before: Delivery, after: Delivery) -> None:
        await self._notes.write(after)
        if after.state != State.DUE:
            metrics.DELIVERIES.labels(after.template, after.state.value).inc()
            self.teller.add(after)
        elif after.attempts > before.attempts:
            metrics.DELIVERIES.labels(after.template, "waits").inc()
        logger.info(
            "delivery_noted",
            extra={
                "state": after.state.value,
                "attempts": after.attempts,
                "reason": after.failure,
                "status": after.status,
            },
        )

    def _open_gate(self) -> None:
        if self.gate.reason is not None:
            logger.info("relay_back")
            self.gate.open()
            self._work.set()

    def _close_gate(self, reason: str) -> None:
        if self.gate.reason != reason:
            logger.warning("relay_away", extra={"reason": reason})
        self.gate.close(reason, time.monotonic())

    # Living.

    async def _beat_forever(self) -> None:
        last_forgotten = 0.0
        while True:
            began = time.monotonic()
            try:
                await self._in_store(self.store.beat, self.owner, self.instance, self.clock() + ALIVE_FOR)
                self._alive_since = began
                freed = await self._in_store(self.store.take_over, self.owner, self.instance, self.clock())
                if freed:
                    logger.warning("deliveries_taken_over", extra={"count": freed})
                    self._work.set()
                await self._measure()
                if began - last_forgotten > 3600 or not last_forgotten:
                    await self._in_store(self.store.forget, self.clock() - KEEP_FAILED)
                    last_forgotten = began
            except DatabaseAway:
                self._note_store(away=True)
            self._work.set()
            await asyncio.sleep(BEAT_SECONDS if self._surely_alive() else RETRY_SECONDS)

    async def _measure(self) -> None:
        now = self.clock()
        figures = await self._in_store(self.store.figures, now)
        age = (now - figures.oldest_due).total_seconds() if figures.oldest_due else 0.0
        metrics.DELIVERIES_DUE.set(figures.due)
        metrics.DELIVERIES_DUE_AGE.set(max(age, 0.0))
        metrics.DELIVERIES_UNTOLD.set(figures.untold)

    def _surely_alive(self) -> bool:
        return self._alive_since > 0 and time.monotonic() - self._alive_since < SAFE_SECONDS

    def _note_store(self, *, away: bool) -> None:
        if away != self._store_away:
            logger.warning("database_away" if away else "database_back")
        self._store_away = away

    async def _in_store(self, call: Callable[..., Result], *arguments: object) -> Result:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._store_threads, call, *arguments)


def _unsent(delivery: Delivery, why: Unsendable, now: datetime) -> Delivery:
    if why.reason is None:
        return deliveries.cancelled(delivery, now)
    return deliveries.failed(delivery, why.reason, now)
