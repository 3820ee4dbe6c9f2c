"""What is found in a text hangs on the text alone."""

import os
import subprocess
import sys

import pytest

from router.model.features import FeatureFinder
from router.words import words_of

LISTS = [(f"category-{number}.object", "lamp") for number in range(20)]


def found() -> list[str]:
    return FeatureFinder(LISTS).features([], words_of("nesvítí lampa"))


@pytest.mark.parametrize("seed", ["1", "2"])
def test_features_come_in_the_same_order_in_every_process(seed: str) -> None:
    """Sets are in another order there; a sum of the same numbers in another order is not the same, and nor is the model."""
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    program = f"import {__name__} as test; print(*test.found(), sep='\\n')"
    said = subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True)
    assert said.stdout.splitlines() == found()
