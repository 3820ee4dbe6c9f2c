"""Time itself as a cause: a case for which no routing comes in time gets its number and the dispatcher.

A minute, or longer in a storm: `cases/routing_pace.py`.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from uuid import UUID

from contracts.tickets import TicketState
from kit.tracing import new_traceparent
from tickets.batch_handler import Clock, Towns, now
from tickets.cases.assigning import unrouted
from tickets.cases.batch import Batch
from tickets.cases.case import Cause
from tickets.cases.handing_over import SYSTEM
from tickets.cases.keeping import DatabaseAway, Store, Unit
from tickets.cases.routing_pace import RoutingPace

TURN_SECONDS = 2.0
_BATCH = 100

logger = logging.getLogger(__name__)


class RoutingClock:
    """Runs in a thread of the worker. Two may run at once: what one has settled the other does not find."""

    def __init__(
        self,
        store: Store,
        towns: Towns,
        clock: Clock = now,
        after: Callable[[], None] = lambda: None,
        pace: RoutingPace | None = None,
    ) -> None:
        self._store, self._towns, self._clock = store, towns, clock
        self._after, self._pace = after, pace or RoutingPace()

    def run(self, stop: threading.Event) -> None:
        """Looks every two seconds until `stop` is set."""
        while not stop.is_set():
            try:
                while self.turn() == _BATCH and not stop.is_set():
                    pass
            except DatabaseAway:
                logger.warning("clock_waits", extra={"dependency": "mongodb"})
            stop.wait(TURN_SECONDS)

    def turn(self) -> int:
        """Gives the dispatcher what waited too long; returns how many cases it found."""
        ids = self._store.unrouted(self._pace.overdue(self._clock()), _BATCH)
        if not ids:
            return 0
        try:
            settled = self._settle(ids)
        except DatabaseAway:
            raise
        except Exception as error:
            # One case that cannot be written must not hold up the others.
            logger.warning("batch_divided", extra={"count": len(ids), "error": type(error).__name__})
            settled = sum(self._settle_alone(ticket_id) for ticket_id in ids)
        if settled:
            logger.warning("not_routed_in_time", extra={"count": settled})
            self._after()
        return len(ids) if settled else 0

    def _settle(self, ids: Sequence[UUID]) -> int:
        def work(unit: Unit) -> int:
            batch, at = Batch(unit), self._clock()
            batch.load(ids)
            for ticket_id in ids:
                case = batch.case(ticket_id)
                if case is None or case.state != TicketState.OPENED or case.route_by is None or case.route_by > at:
                    # Routed, or handled by hand, between the question and the transaction.
                    continue
                cause = Cause(SYSTEM, at, None, new_traceparent())
                batch.change(*unrouted(case, self._towns(case.municipality), cause))
            return len(batch.finish(at))

        return self._store.transaction(work)

    def _settle_alone(self, ticket_id: UUID) -> int:
        try:
            return self._settle([ticket_id])
        except DatabaseAway:
            raise
        except Exception:
            logger.exception("case_not_settled", extra={"ticket_id": ticket_id})
            return 0
