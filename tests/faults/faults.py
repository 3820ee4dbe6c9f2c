"""What is done to the town, as a table: every kind of fault with those that it hits."""

import random
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.faults.system import KAFKA, SERVERS, SERVICES, TWICE, HurtTown, wait
from tests.faults.wires import Mode

MINUTE = 60.0
# And a little more: a broker refuses what comes from more than an hour ahead, unless it sets the time itself.
HOUR = 3660


@dataclass(frozen=True)
class Fault:
    """One thing that is done. `victim` may be a name, or `all-brokers`, or a server whose wire it is."""

    kind: str
    victim: str
    seconds: float = 0.0

    @property
    def name(self) -> str:
        """As the state file and the table call it."""
        return f"{self.kind} {self.victim}"


def kill(town: HurtTown, fault: Fault) -> None:
    """With -9; the supervisor starts it again, as a service manager would."""
    town.system.kill(fault.victim, signal.SIGKILL)


def freeze(town: HurtTown, fault: Fault) -> None:
    """The process stands, its connections stay open: it looks alive to TCP, and dead to everybody else."""
    victims = KAFKA if fault.victim == "all-brokers" else (fault.victim,)
    for victim in victims:
        town.system.kill(victim, signal.SIGSTOP)
    wait(fault.seconds)
    for victim in victims:
        town.system.kill(victim, signal.SIGCONT)


def rebalance(town: HurtTown, fault: Fault) -> None:
    """The second reader leaves in order, a third one comes, the second comes back, the third leaves."""
    third = town.third(fault.victim)
    town.system.halt(f"{fault.victim}-2")
    wait(fault.seconds / 2)
    town.system.add([third])
    town.system.restart(f"{fault.victim}-2")
    wait(fault.seconds / 2)
    town.system.halt(third.name)


def fill_disk(town: HurtTown, fault: Fault) -> None:
    """Not a byte is left on the file system of its data, again and again while it clears up; then there is room."""
    disk = town.disks[fault.victim]
    for _ in range(max(1, int(fault.seconds))):
        disk.fill()
        wait(1.0)
    disk.free()


def step_clock(town: HurtTown, fault: Fault) -> None:
    """An hour ahead, right again, an hour behind, right again, each at once."""
    name = fault.victim
    for ahead in (HOUR, 0, -HOUR, 0):
        town.set_clock(name, ahead)
        wait(fault.seconds / 4)


def bend_wire(mode: Mode) -> Callable[[HurtTown, Fault], None]:
    """What goes between the services and the server does so in this way for a while."""

    def bend(town: HurtTown, fault: Fault) -> None:
        town.wires.become(fault.victim, mode)
        wait(fault.seconds)
        town.wires.become(fault.victim, Mode.PASS)

    return bend


KINDS: Mapping[str, Callable[[HurtTown, Fault], None]] = {
    "kill": kill,
    "freeze": freeze,
    "rebalance": rebalance,
    "disk": fill_disk,
    "clock": step_clock,
    "stall": bend_wire(Mode.STALL),
    "cut": bend_wire(Mode.CUT),
    "slow": bend_wire(Mode.SLOW),
    "half-close": bend_wire(Mode.HALF_CLOSE),
}

EVERYTHING = (
    *(Fault("kill", name) for name in (*SERVICES, *SERVERS)),
    *(Fault("freeze", name, MINUTE) for name in (*SERVICES, *SERVERS)),
    # Longer than any session: every reader is thought dead, or thinks so of the brokers.
    Fault("freeze", "all-brokers", MINUTE),
    *(Fault("rebalance", name, 12.0) for name in ("tickets-worker", "router", "notifier")),
    *(Fault("disk", name, 20.0) for name in ("kafka-1", "mongod", "s3proxy", "mail-catcher", "logs")),
    *(Fault("clock", name, 40.0) for name in ("tickets-api", *(f"{name}-2" for name in TWICE))),
    *(
        Fault(str(mode), server, 12.0)
        for server in ("kafka", "mongod", "s3proxy", "mail-catcher")
        for mode in (Mode.STALL, Mode.CUT, Mode.SLOW, Mode.HALF_CLOSE)
    ),
)

# One of each class: what a change must pass before it lands. Where no disk can be mounted, a broker dies all the same.
SHORT = (
    Fault("kill", "tickets-worker"),
    Fault("kill", "kafka-1"),
    # Longer than the session of a reader, so that its group goes on without it.
    Fault("freeze", "notifier", 14.0),
    Fault("rebalance", "router", 4.0),
    Fault("disk", "kafka-1", 5.0),
    Fault("clock", "notifier-2", 12.0),
    Fault("stall", "mongod", 8.0),
    Fault("cut", "kafka", 3.0),
)


def in_random_order(faults: tuple[Fault, ...], seed: int) -> list[Fault]:
    """The same for the same seed."""
    order = list(faults)
    random.Random(seed).shuffle(order)
    return order
