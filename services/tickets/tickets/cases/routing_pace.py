"""Whether a case without a routing was passed over, or the router is only not there yet. Pure but for what it remembers.

In a storm the router works off its queue for minutes. Giving all that waits to the dispatcher would double the load just
then, and the routing that follows would change nothing any more.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

SILENCE = timedelta(seconds=60)
"""So long without any decision, and the router is away, not busy."""
LONGEST_PATIENCE = timedelta(minutes=15)
"""A person looks at a case after that, however busy the router is."""


@dataclass
class RoutingPace:
    """How far routing has come. Written by the reader of its decisions and read by the clock, in one process."""

    came_at: datetime | None = None
    newest: datetime | None = None
    """When the newest case that has a decision was opened."""

    def note(self, opened_at: datetime, now: datetime) -> None:
        """A decision came for a case of that moment."""
        self.came_at = now
        self.newest = max(self.newest or opened_at, opened_at)

    def overdue(self, now: datetime) -> datetime:
        """Cases whose time for a routing ended before then are overdue.

        That time is a minute; while decisions come, a case is overdue when one came for another that was opened a minute later:
        so far may two partitions of the topic be apart.
        """
        if self.came_at is None or self.newest is None or now - self.came_at > SILENCE:
            return now
        return max(min(self.newest, now), now - LONGEST_PATIENCE)
