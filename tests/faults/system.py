"""The town that is hurt: three brokers, two of each reader and of the intake, wires in between, disks and clocks of their own."""

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.local import readiness
from deploy.local.places import Places
from deploy.local.ports import HOST, Ports, free_ports
from deploy.local.programs import Program
from deploy.local.system import LocalSystem, say_nothing
from tests.faults.disks import Disk, mounted
from tests.faults.wires import Wire, Wires, wired
from tests.flows.conftest import Town, running_town
from tests.flows.wire import Citizen

BROKERS = 3
KAFKA = tuple(f"kafka-{node}" for node in range(1, BROKERS + 1))
SERVERS = (*KAFKA, "mongod", "s3proxy", "mail-catcher")
SERVICES = ("intake-email", "tickets-api", "tickets-worker", "router", "notifier")
# What takes work from a topic, or mail from outside: of these there are two.
TWICE = ("intake-email", "tickets-worker", "router", "notifier")
FAKE_CLOCK = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), Path("/usr/lib/faketime/libfaketimeMT.so.1"))
START_SECONDS = 300.0
# A sender that waits longer goes to the other door.
SENDER_PATIENCE = 15.0


@dataclass(frozen=True)
class HurtTown:
    """The town with all that can be done to it. Where something is not possible here, `cannot` says why, by kind of fault."""

    town: Town
    doors: list[Citizen]
    wires: Wires
    disks: Mapping[str, Disk]
    clocks: Mapping[str, Path]
    cannot: Mapping[str, str]

    @property
    def system(self) -> LocalSystem:
        """Its servers and services."""
        return self.town.system

    def names(self) -> list[str]:
        """Everything that runs when all is well."""
        return [*SERVERS, *SERVICES, *(f"{name}-2" for name in TWICE)]

    def set_clock(self, name: str, seconds: int) -> None:
        """The clock of a service is so many seconds ahead from now on."""
        fresh = self.clocks[name].with_suffix(".new")
        fresh.write_text(f"{seconds:+d}")
        fresh.replace(self.clocks[name])

    def is_ready(self, name: str) -> bool:
        """Whether it runs and says that it works; a wrong moment to ask counts as no."""
        return self.system.is_ready(name)

    def not_in_sync(self) -> int:
        """Partitions of which a broker has not yet all again: the next broker that goes would stop them."""
        bootstrap = self.system.environment["KAFKA_BOOTSTRAP"]
        try:
            topics = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0}).list_topics(timeout=5).topics
        except KafkaException:
            return 1
        partitions = [partition for topic in topics.values() for partition in topic.partitions.values()]
        return sum(len(partition.isrs) < len(partition.replicas) for partition in partitions)

    def third(self, name: str) -> Program:
        """Another reader, which may come and go."""
        return another(self.system, name, 3)


class PatientSystem(LocalSystem):
    """Three brokers and nine services at once need their time on a small machine that others use too."""

    def servers(self) -> list[Program]:
        """As ever, but slower."""
        return [replace(program, ready_seconds=START_SECONDS) for program in super().servers()]

    def services(self) -> list[Program]:
        """As ever, but slower."""
        return [replace(program, ready_seconds=START_SECONDS) for program in super().services()]


def another(system: LocalSystem, name: str, number: int, environment: Mapping[str, str] | None = None) -> Program:
    """One more process of a service, on ports of its own."""
    program = next(program for program in system.services() if program.name == name)
    health, door = free_ports(2)
    return replace(
        program,
        name=f"{name}-{number}",
        environment={
            **program.environment,
            "INSTANCE": str(number),
            "HEALTH_LISTEN": f"{HOST}:{health}",
            "SMTP_LISTEN": f"{HOST}:{door}",
            **(environment or {}),
        },
        ports=(health, door) if name == "intake-email" else (health,),
        ready=readiness.says_ready(health),
        reasons=partial(readiness.reasons, health),
    )


@contextmanager
def hurt_town(root: Path, *, tell: Callable[[str], None] = say_nothing) -> Iterator[HurtTown]:
    """Started, and stopped at the end. Skips, or raises, as `running_town`."""
    places = Places(root.resolve())
    wires, ports = _wires(Ports.free(BROKERS))
    with ExitStack() as held:
        folders = {name: places.data / name for name in (*KAFKA, "mongod")}
        folders |= {"s3proxy": places.data / "s3", "mail-catcher": places.mail, "logs": places.log}
        disks, not_mounted = held.enter_context(mounted(root / "disks", folders))
        # The file system of the logs goes with the others; what they say is wanted afterwards.
        held.callback(shutil.copytree, places.log, root / "last-log", dirs_exist_ok=True)
        clocks = _clocks(root / "clocks")
        system = PatientSystem(root, ports, extra=_through(wires, clocks), tell=tell)
        carriers = held.enter_context(wired(wires))
        town = held.enter_context(running_town(system))
        seconds = [another(system, name, 2, _clock_of(f"{name}-2", clocks)) for name in TWICE]
        system.add(seconds)
        intakes = [ports.smtp_intake, next(p.ports[1] for p in seconds if p.name == "intake-email-2")]
        doors = [Citizen(HOST, port, patience=SENDER_PATIENCE) for port in intakes]
        cannot = {} if disks else {"disk": f"no file system of its own can be mounted here ({not_mounted})"}
        if not clocks:
            cannot["clock"] = f"no {FAKE_CLOCK} here (apt-get install libfaketime)"
        yield HurtTown(town, doors, carriers, disks, clocks, cannot)


def _wires(ports: Ports) -> tuple[dict[str, Wire], Ports]:
    """A wire before each server; the brokers themselves say that they are to be reached through theirs."""
    here = free_ports(BROKERS + 3)
    there = dict(zip(SERVERS, (*ports.kafka, ports.mongod, ports.s3proxy, ports.mail_catcher), strict=True))
    wires = {name: Wire(port, there[name]) for name, port in zip(there, here, strict=True)}
    return wires, replace(ports, kafka_advertised=tuple(wires[name].here for name in KAFKA))


def _through(wires: Mapping[str, Wire], clocks: Mapping[str, Path]) -> dict[str, dict[str, str]]:
    """What the services are told beside what every local system tells them."""
    told = {
        "KAFKA_BOOTSTRAP": ",".join(f"{HOST}:{wires[name].here}" for name in KAFKA),
        # Directly: asked for its replica set, the server would name its own port.
        "MONGODB_URI": f"mongodb://{HOST}:{wires['mongod'].here}/?directConnection=true",
        "S3_ENDPOINT": f"http://{HOST}:{wires['s3proxy'].here}",
        "SMTP_RELAY": f"{HOST}:{wires['mail-catcher'].here}",
    }
    return {name: {**told, **_clock_of(name, clocks)} for name in SERVICES}


def _clocks(folder: Path) -> dict[str, Path]:
    """A file for each process whose clock can be set: one of each service. The others keep the machine's clock."""
    if not FAKE_CLOCK.exists():
        return {}
    folder.mkdir(parents=True, exist_ok=True)
    clocks = {name: folder / name for name in ("tickets-api", *(f"{name}-2" for name in TWICE))}
    for file in clocks.values():
        file.write_text("+0")
    return clocks


def _clock_of(name: str, clocks: Mapping[str, Path]) -> dict[str, str]:
    if name not in clocks:
        return {}
    return {
        "LD_PRELOAD": str(FAKE_CLOCK),
        "FAKETIME_TIMESTAMP_FILE": str(clocks[name]),
        "FAKETIME_CACHE_DURATION": "1",
        # A machine whose clock is set keeps its monotonic one.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
        "PYTHONPATH": str(Path(__file__).parent / "clocks"),
    }


def wait(seconds: float) -> None:
    """For faults that last."""
    threading.Event().wait(seconds)
