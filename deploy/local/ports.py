"""Every port that the local system listens on. All of them on 127.0.0.1 only."""

import random
import socket
from contextlib import ExitStack
from dataclasses import dataclass

HOST = "127.0.0.1"
# Below Linux's range for outgoing connections (32768 and up): a port picked here is not taken a moment later by somebody's
# outgoing connection, which does happen with ports from bind(0) on a busy machine.
FREE_PORTS = range(20000, 32000)


@dataclass(frozen=True)
class Ports:
    """The defaults are the ones that the README names; tests take `Ports.free()`.

    `kafka` and `kafka_controllers` have one port for each broker, so their length is the number of brokers. `kafka_advertised`,
    where it is not empty, is where the brokers send everybody, each other too: somebody stands in between there.
    """

    kafka: tuple[int, ...] = (9092,)
    kafka_controllers: tuple[int, ...] = (9093,)
    kafka_advertised: tuple[int, ...] = ()
    mongod: int = 27017
    s3proxy: int = 9000
    mail_catcher: int = 2525
    mail_page: int = 8025
    smtp_intake: int = 2626
    tickets_api: int = 8010
    intake_email_health: int = 8101
    tickets_api_health: int = 8102
    tickets_worker_health: int = 8103
    router_health: int = 8104
    notifier_health: int = 8105
    mailboxes_health: int = 8106

    @classmethod
    def free(cls, brokers: int = 1) -> "Ports":
        """Ports that nobody listens on at this moment, for a throw-away system with that many Kafka brokers."""
        numbers = iter(free_ports(2 * brokers + 12))
        return cls(
            kafka=tuple(next(numbers) for _ in range(brokers)),
            kafka_controllers=tuple(next(numbers) for _ in range(brokers)),
            mongod=next(numbers),
            s3proxy=next(numbers),
            mail_catcher=next(numbers),
            mail_page=next(numbers),
            smtp_intake=next(numbers),
            tickets_api=next(numbers),
            intake_email_health=next(numbers),
            tickets_api_health=next(numbers),
            tickets_worker_health=next(numbers),
            router_health=next(numbers),
            notifier_health=next(numbers),
            mailboxes_health=next(numbers),
        )


def is_taken(port: int) -> bool:
    """Whether somebody listens on the port already. Closed connections that still linger do not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def free_ports(count: int) -> list[int]:
    """So many ports that nobody listens on at this moment. Raises OSError."""
    with ExitStack() as held:
        ports: list[int] = []
        for port in random.sample(FREE_PORTS, len(FREE_PORTS)):
            probe = held.enter_context(socket.socket())
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            ports.append(port)
            if len(ports) == count:
                return ports
    raise OSError(f"not {count} free ports between {FREE_PORTS.start} and {FREE_PORTS.stop}")
