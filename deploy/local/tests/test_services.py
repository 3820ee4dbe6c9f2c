"""Which services the local system starts."""

import pytest

from deploy.local.ports import Ports
from deploy.local.services import services


@pytest.mark.parametrize("told", ["", "mailboxes.yaml"])
def test_mailboxes_are_fetched_from_only_where_somebody_names_them(monkeypatch: pytest.MonkeyPatch, told: str) -> None:
    monkeypatch.setenv("IMAP_MAILBOXES", told)
    found = {program.name: program for program in services(Ports())}
    assert ("intake-email-fetch" in found) == bool(told)
    if told:
        assert found["intake-email-fetch"].command[1:] == ("-m", "intake_email", "fetch")
