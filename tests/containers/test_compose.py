"""docker-compose.yml says the same as the local system, and keeps to the rules of containers.

Its form was checked with compose-go, the parser of Docker Compose itself: CONTRIBUTING.md tells how.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from . import compose_checks as checks
from .compose_checks import CHECKS, Check
from .image import PROJECT

COMPOSE = checks.read((PROJECT / "docker-compose.yml").read_text())
Break = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_file_keeps_to(check: Check) -> None:
    assert list(check(COMPOSE)) == []


BREAKS: list[tuple[Check, Break]] = [
    (checks.same_services_as_the_local_system, lambda parts: parts.pop("notifier")),
    (
        checks.same_services_as_the_local_system,
        lambda parts: parts["tickets-worker"].update(command=["tickets", "api"]),
    ),
    (checks.same_steps_before_the_services, lambda parts: parts["load-pack"].update(command=["tickets", "prepare"])),
    (checks.same_steps_before_the_services, lambda parts: parts["load-pack"]["depends_on"].pop("make-topics")),
    (checks.same_steps_before_the_services, lambda parts: parts["router"].update(depends_on={})),
    (checks.every_variable_is_a_setting, lambda parts: parts["notifier"]["environment"].update(SMTP_RELLAY="relay:25")),
    (checks.every_local_setting_is_told, lambda parts: parts["notifier"]["environment"].pop("SMTP_RELAY")),
    (checks.every_local_setting_is_told, lambda parts: parts["notifier"]["environment"].pop("SECRETS_FILE")),
    (checks.every_local_setting_is_told, lambda parts: parts["tickets-api"]["environment"].pop("API_LISTEN")),
    (checks.same_ports, lambda parts: parts["tickets-api"].update(ports=["8010:8010"])),
    (checks.same_ports, lambda parts: parts["mongo"].update(ports=["127.0.0.1:27017:27017"])),
    (checks.same_town, lambda parts: parts["intake-email"]["environment"].update(MUNICIPALITIES="a@b.test=b")),
    (checks.same_broker_settings, lambda parts: parts["kafka"]["environment"].pop("KAFKA_AUTO_CREATE_TOPICS_ENABLE")),
    (
        checks.same_broker_settings,
        lambda parts: parts["kafka"]["environment"].update(KAFKA_OFFSETS_RETENTION_MINUTES=1),
    ),
    (
        checks.same_database_settings,
        lambda parts: parts["notifier"]["environment"].update(MONGODB_URI="mongodb://mongo"),
    ),
    (checks.same_database_settings, lambda parts: parts["mongo"].update(command=["--replSet", "rs1"])),
    (checks.pinned_images, lambda parts: parts["kafka"].update(image="apache/kafka:latest")),
    (checks.pinned_images, lambda parts: parts["router"].update(image="municipal-helpdesk/router:9.9.9")),
    (checks.healthy_or_done, lambda parts: parts["mongo"].pop("healthcheck")),
    (checks.healthy_or_done, lambda parts: parts["make-topics"].update(restart="unless-stopped")),
    (checks.least_rights, lambda parts: parts["kafka"].pop("user")),
    (checks.least_rights, lambda parts: parts["router"].update(read_only=False)),
    (checks.named_volumes, lambda parts: parts["mongo"].update(volumes=["./data:/data/db"])),
    (checks.reachable_servers, lambda parts: parts["notifier"].update(networks=["inside"])),
    (checks.reachable_servers, lambda parts: parts["router"]["environment"].update(KAFKA_BOOTSTRAP="kafak:9092")),
]


@pytest.mark.parametrize(("check", "seed"), BREAKS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_seeded_fault_is_found(check: Check, seed: Break) -> None:
    broken = deepcopy(COMPOSE)
    seed(broken["services"])
    assert list(check(broken)) != []


def test_every_check_has_a_seeded_fault() -> None:
    assert {check for check, _ in BREAKS} == set(CHECKS)
