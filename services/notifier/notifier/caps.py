"""How many automatic mails one address may get: what ends a loop of machines that no mark has ended (P9).

Only an acknowledgement is caused by the very mail that its recipient sent, so only acknowledgements can make a loop: few are
allowed, and one too many fails for good and shows on the ticket. To wait would only slow the loop down. All other automatic mails
follow from what people do with a case; to lose one is to leave somebody without his news or his task. They neither count
for the acknowledgements nor are held back by them, and have a high cap of their own against what nobody has foreseen.

An address counts without what stands after its `+`: who writes from `name+1@`, `name+2@`… is one mailbox.
"""

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
    others_in_a_day: int = 100
    """Of automatic mails that are no acknowledgements."""


def counts(delivery: Delivery) -> bool:
    """Whether a cap is asked: only automatic mails, and each but once, however often it is tried.

    Not where an operator asked for it again: no machine did. Once tried it counts for those that come after it.
    """
    return delivery.mark != Mark.NONE and delivery.counted_at is None and delivery.retries == 0


def over_cap(tried: Sequence[datetime], now: datetime, caps: Caps, mark: Mark = Mark.REPLIED) -> bool:
    """Whether one more would be too many; `tried` are the times of the last day's mails with the same mark."""
    in_a_day = sum(1 for moment in tried if moment > now - LONG_WINDOW)
    if mark != Mark.REPLIED:
        return in_a_day >= caps.others_in_a_day
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
        if over_cap(moments, now, caps, delivery.mark):
            capped.append(delivery)
        else:
            moments.append(now)
            going.append(delivery)
    return going, capped
