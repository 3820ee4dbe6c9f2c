"""The whole town on free ports, started once for the flows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from deploy.local.ports import HOST, Ports
from deploy.local.skipping import skipped_without
from deploy.local.system import LocalSystem

from .wire import Citizen, Postbox, Staff


@dataclass(frozen=True)
class Town:
    """Lipovany: its system, and those who deal with it."""

    system: LocalSystem
    citizen: Citizen
    post: Postbox
    staff: Staff
    others: list[Staff]

    def staff_with(self, token: str | None) -> Staff:
        """Somebody else at the API."""
        self.others.append(Staff(f"http://{HOST}:{self.system.ports.tickets_api}/api/v1", token))
        return self.others[-1]


@contextmanager
def running_town(system: LocalSystem, between: Callable[[], None] = lambda: None) -> Iterator[Town]:
    """Starts servers and services; skips on a laptop where that cannot be, fails in CI. Stops them at the end.

    `between` is done when the servers are there and the services not yet.
    """
    with system:
        town = _start(system, between)
        yield town
        for staff in (town.staff, *town.others):
            staff.http.close()


def _start(system: LocalSystem, between: Callable[[], None]) -> Town:
    with skipped_without("servers"):
        system.start_servers()
    between()
    system.start_services()
    ports = system.ports
    token = system.places.staff_token.read_text().strip()
    staff = Staff(f"http://{HOST}:{ports.tickets_api}/api/v1", token)
    return Town(system, Citizen(HOST, ports.smtp_intake), Postbox(system.places.mail), staff, [])


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One town for all flows that do not break it."""
    with running_town(LocalSystem(tmp_path_factory.mktemp("town"), Ports.free())) as town:
        yield town
