"""Closed while the relay is away: then nothing is taken, and after a growing pause a single mail tries. Pure."""

from dataclasses import dataclass

SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 30.0


@dataclass
class Gate:
    """Closed for a growing while after the relay was away; then a single mail tries."""

    reason: str | None = None
    pause: float = 0.0
    opens_at: float = 0.0

    def close(self, reason: str, now: float) -> None:
        """The relay is away. What fails while it is closed already makes the pause no longer."""
        if now < self.opens_at:
            return
        self.reason = reason
        self.pause = min(self.pause * 2, LONGEST_PAUSE) if self.pause else SHORTEST_PAUSE
        self.opens_at = now + self.pause

    def shut(self, now: float) -> bool:
        """Whether nothing is to be tried now."""
        return self.reason is not None and now < self.opens_at

    def open(self) -> None:
        """The relay took an order."""
        self.reason, self.pause, self.opens_at = None, 0.0, 0.0

    def limit(self, now: float, most: int) -> int:
        """How many may be tried now."""
        if self.reason is None:
            return most
        return 1 if now >= self.opens_at else 0
