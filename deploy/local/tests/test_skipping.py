import pytest

from deploy.local.programs import StartFailed
from deploy.local.skipping import skipped_without


def test_what_cannot_be_started_skips_the_test_on_a_laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no broker here: not installed"), skipped_without("broker"):
        raise StartFailed("not installed")


def test_what_cannot_be_started_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(StartFailed), skipped_without("broker"):
        raise StartFailed("not installed")
