"""For tests that start a server of their own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deploy.local.programs import StartFailed


@contextmanager
def skipped_without(what: str) -> Iterator[None]:
    """Around a start that may fail: skips the test on a laptop, fails it in CI, where a skipped proof would look like a proof."""
    try:
        yield
    except StartFailed as failure:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no {what} here: {failure}")
