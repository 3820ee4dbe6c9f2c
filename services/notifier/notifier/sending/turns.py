"""Who goes next: bounded in all and by lane, so that one slow domain leaves room for the others."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from notifier.deliveries import Delivery


@dataclass(frozen=True)
class Room:
    """How many may be in hand: in all, and of one lane, so that one slow domain leaves room for the others."""

    total: int = 96
    lane: int = 60

    @classmethod
    def around(cls, at_once: int, at_once_of_a_lane: int) -> "Room":
        """For so many at the relay at once: in hand are also those that are being written, noted and told."""
        return cls(total=6 * at_once, lane=5 * at_once_of_a_lane)


@dataclass(frozen=True)
class Busy:
    """What the store need not even look at now."""

    lanes: list[str]
    threads: list[str]


def busy_with(in_hand: Collection[Delivery], room: Room) -> Busy:
    """Full lanes, and the threads of which a mail is under way."""
    counts: dict[str, int] = {}
    for delivery in in_hand:
        counts[delivery.lane] = counts.get(delivery.lane, 0) + 1
    full = [lane for lane, count in counts.items() if count >= room.lane]
    return Busy(full, [delivery.thread for delivery in in_hand])


def choose(candidates: Sequence[Delivery], in_hand: Collection[Delivery], room: Room) -> list[Delivery]:
    """Of the due ones, in their order, those that fit. What one person hears of one case goes one after another."""
    lanes: dict[str, int] = {}
    talking = set()
    for delivery in in_hand:
        lanes[delivery.lane] = lanes.get(delivery.lane, 0) + 1
        talking.add(delivery.thread)
    chosen: list[Delivery] = []
    for delivery in candidates:
        fits = lanes.get(delivery.lane, 0) < room.lane and delivery.thread not in talking
        if fits and len(chosen) + len(in_hand) < room.total:
            chosen.append(delivery)
            lanes[delivery.lane] = lanes.get(delivery.lane, 0) + 1
        # Also where it did not fit: a later word must not overtake an earlier one.
        talking.add(delivery.thread)
    return chosen
