"""What docker-compose.yml must keep to. Each check takes the parsed file and returns its faults in words."""

import importlib
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from deploy.local import servers
from deploy.local.environment import service_environment, town
from deploy.local.places import Places
from deploy.local.ports import HOST, Ports
from deploy.local.readiness import REPLICA_SET
from deploy.local.secret_files import S3Keys
from deploy.local.services import mailboxes, module_of, preparations, services

Compose = dict[str, Any]
Check = Callable[[Compose], Iterator[str]]

OUR_IMAGES = "municipal-helpdesk/"
# Also those that run only where they are asked for.
PROGRAMS = (*services(Ports()), *mailboxes(Ports()))
NOWHERE = Places(Path("/nowhere"))
KEYS = S3Keys("access", "secret")
# Made by make-secrets into the file that SECRETS_FILE names.
IN_SECRETS_FILE = {"S3_ACCESS_KEY", "S3_SECRET_KEY", "REPLY_TOKEN_KEYS", "PSEUDONYM_KEY"}
# A container listens to its network; the image says on which port, and docker gives the process its name.
OF_THE_IMAGE = {"HEALTH_LISTEN", "INSTANCE"}
# Somebody makes staff tokens when there is staff.
BY_HAND = {"make-staff-token"}
WHERE_THE_BROKER_IS = {"log.dirs", "listeners", "advertised.listeners", "controller.quorum.voters"}


def read(text: str) -> Compose:
    """The file as Docker Compose sees it where no variable is set: each `${NAME:-default}` is its default."""
    compose: Compose = yaml.safe_load(re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", text))
    return compose


def same_services_as_the_local_system(compose: Compose) -> Iterator[str]:
    """Every service with the same module and arguments."""
    for program in PROGRAMS:
        ours = compose["services"].get(program.name)
        if ours is None:
            yield f"{program.name} is missing"
        elif list(module_of(program)) != ours["command"]:
            yield f"{program.name}: {ours['command']}, locally {module_of(program)}"


def same_steps_before_the_services(compose: Compose) -> Iterator[str]:
    """Every step of `make up`, after those of the stages before."""
    earlier: set[str] = set()
    for stage in preparations(NOWHERE):
        steps = {step.name: list(step.command[2:]) for step in stage if step.name not in BY_HAND}
        for name, command in steps.items():
            ours = compose["services"].get(name)
            if ours is None or ours["command"] != command:
                yield f"{name} is not {command}"
            elif missing := {before for before in earlier if not _completes_before(compose, before, name)}:
                yield f"{name} does not wait for {sorted(missing)}"
        earlier |= set(steps)
    for program in PROGRAMS:
        if missing := {step for step in earlier if not _completes_before(compose, step, program.name)}:
            yield f"{program.name} does not wait for {sorted(missing)}"


def _completes_before(compose: Compose, step: str, name: str) -> bool:
    waits = compose["services"].get(name, {}).get("depends_on", {})
    direct = waits.get(step, {}).get("condition") == "service_completed_successfully"
    return direct or any(_completes_before(compose, step, other) for other in waits)


def every_variable_is_a_setting(compose: Compose) -> Iterator[str]:
    """No service is told a name that it does not know: a typo would be a default, silently."""
    for name, known in _settings_of(compose).items():
        if unknown := set(compose["services"][name].get("environment", {})) - known - {"SECRETS_FILE"}:
            yield f"{name} has no setting {sorted(unknown)}"


def every_local_setting_is_told(compose: Compose) -> Iterator[str]:
    """What `make up` tells a service, the containers tell it too; where to listen only if it has a port to be reached at."""
    told = set(service_environment(NOWHERE, Ports(), servers_of_the_local_system())) | OF_THE_IMAGE
    for name, known in _settings_of(compose).items():
        service = compose["services"][name]
        by_image = OF_THE_IMAGE | (IN_SECRETS_FILE if "SECRETS_FILE" in service["environment"] else set())
        missing = (told & known) - set(service["environment"]) - by_image
        if wanted := {setting for setting in missing if "ports" in service or not setting.endswith("_LISTEN")}:
            yield f"{name} is not told {sorted(wanted)}"


def servers_of_the_local_system() -> dict[str, str]:
    """The names under which `make up` tells services where servers are."""
    return dict.fromkeys(("KAFKA_BOOTSTRAP", "MONGODB_URI", "S3_ENDPOINT", "SMTP_RELAY", *IN_SECRETS_FILE), "")


def _settings_of(compose: Compose) -> dict[str, set[str]]:
    """The names of the settings of each of our services that is there."""
    found = {}
    for program in PROGRAMS:
        if program.name in compose["services"]:
            package = module_of(program)[0]
            settings = importlib.import_module(f"{package}.settings").Settings
            found[program.name] = {name.upper() for name in settings.model_fields}
    return found


def same_ports(compose: Compose) -> Iterator[str]:
    """Published on loopback only, under the numbers of the local system."""
    ports = Ports()
    wanted = {
        "intake-email": {ports.smtp_intake},
        "tickets-api": {ports.tickets_api},
        "mail-catcher": {ports.mail_catcher, ports.mail_page},
    }
    for name, service in compose["services"].items():
        published = {f"{HOST}:{port}:{port}" for port in wanted.get(name, ())}
        if set(service.get("ports", ())) != published:
            yield f"{name} publishes {service.get('ports')}, not {sorted(published)}"


def same_town(compose: Compose) -> Iterator[str]:
    """The invented town of the trial."""
    municipalities = compose["services"]["intake-email"]["environment"].get("MUNICIPALITIES")
    if municipalities != f"{town().email}={town().slug}":
        yield f"intake-email takes mail for {municipalities}"


def same_broker_settings(compose: Compose) -> Iterator[str]:
    """Kafka behaves as locally, but for where it stands."""
    local = servers._kafka_settings(Path("/var/lib/kafka/data"), Ports(), 1)
    environment = compose["services"]["kafka"]["environment"]
    for name, value in local.items():
        told = environment.get("KAFKA_" + name.replace(".", "_").upper())
        if told is None or (name not in WHERE_THE_BROKER_IS and str(told) != str(value)):
            yield f"kafka: {name} is {told}, locally {value}"
    if environment.get("CLUSTER_ID") != servers.CLUSTER_ID:
        yield "kafka: another cluster id"


def same_database_settings(compose: Compose) -> Iterator[str]:
    """MongoDB likewise; the replica set's name is also part of what services are told."""
    local = servers.mongod(NOWHERE, Ports()).command
    told = dict(pairwise(compose["services"]["mongo"]["command"]))
    for option in ("--replSet", "--oplogSize", "--wiredTigerCacheSizeGB"):
        if f"{option}={told.get(option)}" not in local:
            yield f"mongo: {option} is {told.get(option)}"
    for name, service in compose["services"].items():
        uri = service.get("environment", {}).get("MONGODB_URI")
        if uri is not None and not uri.endswith(f"?replicaSet={REPLICA_SET}"):
            yield f"{name}: {uri} names another replica set"


def pinned_images(compose: Compose) -> Iterator[str]:
    """Every image has an exact version; ours the project's own."""
    project = re.search(r'^version = "(.+)"$', (Path(__file__).parents[2] / "pyproject.toml").read_text(), re.MULTILINE)
    assert project is not None
    for name, service in compose["services"].items():
        image, _, version = service["image"].partition(":")
        if not re.fullmatch(r"v?\d+\.\d+\.\d+[a-z0-9.-]*", version):
            yield f"{name}: {service['image']} is not pinned"
        elif image.startswith(OUR_IMAGES) and (version != project[1] or "build" not in service):
            yield f"{name}: {service['image']} is not built from this version ({project[1]})"


def healthy_or_done(compose: Compose) -> Iterator[str]:
    """What stays has a health check and is started again; what is done once is not."""
    for name, service in compose["services"].items():
        once = service.get("restart") == "no"
        if once != bool(_waited_for(compose, name)):
            yield f"{name}: done once, or not?"
        if not once and ("test" not in service.get("healthcheck", {}) or service.get("restart") != "unless-stopped"):
            yield f"{name} has no health check or is not started again"


def _waited_for(compose: Compose, name: str) -> bool:
    waits = [service.get("depends_on", {}).get(name, {}) for service in compose["services"].values()]
    return any(wait.get("condition") == "service_completed_successfully" for wait in waits)


def least_rights(compose: Compose) -> Iterator[str]:
    """Nobody is root (our images say so themselves), nobody gains rights, ours write only into volumes."""
    for name, service in compose["services"].items():
        ours = service["image"].startswith(OUR_IMAGES)
        user = str(service.get("user", "image" if ours else "root"))
        if user.partition(":")[0] in ("root", "0"):
            yield f"{name} runs as root"
        if service.get("cap_drop") != ["ALL"] or service.get("security_opt") != ["no-new-privileges:true"]:
            yield f"{name} keeps rights that it does not need"
        if ours and not service.get("read_only"):
            yield f"{name} may write into its image"


def named_volumes(compose: Compose) -> Iterator[str]:
    """Data lie in named volumes that the file declares, and each of them is used."""
    used = {
        volume.partition(":")[0] for service in compose["services"].values() for volume in service.get("volumes", ())
    }
    if used != set(compose["volumes"]):
        yield f"volumes used {sorted(used)}, declared {sorted(compose['volumes'])}"


def reachable_servers(compose: Compose) -> Iterator[str]:
    """Each host that a service is told is a service in one of its networks."""
    for name, service in compose["services"].items():
        for variable in ("KAFKA_BOOTSTRAP", "MONGODB_URI", "S3_ENDPOINT", "SMTP_RELAY"):
            value = str(service.get("environment", {}).get(variable, ""))
            host = re.search(r"([a-z0-9-]+):\d+", value)
            other = compose["services"].get(host[1]) if host else None
            if host and (other is None or not set(other["networks"]) & set(service["networks"])):
                yield f"{name} cannot reach {value}"


CHECKS: tuple[Check, ...] = (
    same_services_as_the_local_system,
    same_steps_before_the_services,
    every_variable_is_a_setting,
    every_local_setting_is_told,
    same_ports,
    same_town,
    same_broker_settings,
    same_database_settings,
    pinned_images,
    healthy_or_done,
    least_rights,
    named_volumes,
    reachable_servers,
)
