"""Which part a scenario belongs to. A scenario is in one part only: its messages tell of the same event. Pure."""

import hashlib
from enum import StrEnum


class Part(StrEnum):
    """What a message is for."""

    TRAINING = "training"
    """The model learns from it."""
    TUNING = "tuning"
    """Settings and thresholds are chosen on it, and probabilities calibrated."""
    TESTING = "testing"
    """Nothing is chosen on it. It was written by the same hands as the training: the blind test says more."""


def part_of(scenario: str) -> Part:
    """By the scenario's name alone, so that a new scenario moves no other: seven tenths, fifteen and fifteen hundredths."""
    place = int(hashlib.sha256(scenario.encode()).hexdigest()[:8], 16) % 100
    return Part.TRAINING if place < 70 else Part.TUNING if place < 85 else Part.TESTING
