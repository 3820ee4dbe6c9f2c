"""How many automatic mails one address may get: what ends a loop of machines that no mark has ended (P9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifier.audience import Mark
from notifier.deliveries import Delivery

SHORT_WINDOW = timedelta(hours=3)
LONG_WINDOW = timedelta(hours=24)


@dataclass(frozen=True)
class Caps:
    """Automatic mails to one address a stranger gave; to the town's own choice of address the same, but for each case alone."""

    in_three_hours: int = 10
    in_a_day: int = 40


def counts(delivery: Delivery) -> bool:
    """Whether a cap is asked: only automatic mails, and each but once, however often it is tried."""
    return delivery.mark != Mark.NONE and delivery.counted_at is None


def over_cap(tried: Sequence[datetime], now: datetime, caps: Caps) -> bool:
    """Whether one more would be too many; `tried` are the times of the last day's mails."""
    in_a_day = sum(1 for moment in tried if moment > now - LONG_WINDOW)
    in_three_hours = sum(1 for moment in tried if moment > now - SHORT_WINDOW)
    return in_three_hours >= caps.in_three_hours or in_a_day >= caps.in_a_day


def divide(
    chosen: Sequence[Delivery], tried: dict[str, list[datetime]], now: datetime, caps: Caps
) -> tuple[list[Delivery], list[Delivery]]:
    """Those that may go and those over the cap. `tried` has the times by cap key, also of what is in hand now."""
    times = {key: list(moments) for key, moments in tried.items()}
    going, capped = [], []
    for delivery in chosen:
        if not counts(delivery):
            going.append(delivery)
            continue
        moments = times.setdefault(delivery.cap_key, [])
        if over_cap(moments, now, caps):
            capped.append(delivery)
        else:
            moments.append(now)
            going.append(delivery)
    return going, capped
