"""`make status`: what runs, whether it is ready, how far readers are behind, what lies among the dead letters."""

import time
from dataclasses import dataclass

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined] # missing from its __all__

from deploy.local.places import Places
from deploy.local.ports import HOST
from deploy.local.processes import is_alive, memory_bytes, read_records
from deploy.local.programs import Program
from deploy.local.readiness import http_answer
from deploy.local.state import SUPERVISOR, State, read_state, supervisor_record
from deploy.local.system import LocalSystem
from kit.dead_letter_box import boxes, waiting_in
from kit.partitions import BrokerAway

SECONDS = 10.0
LEDGER_MISSING = "helpdesk_ledger_missing"
# LSB's word for "not running".
NOTHING_RUNS = 3


@dataclass(frozen=True)
class Lag:
    """Messages that a group has not yet read of a topic."""

    group: str
    topic: str
    behind: int


def status(places: Places) -> int:
    """Print it. 0 when everything is ready, 1 when something is not, 3 when nothing runs."""
    records = {record.name: record for record in read_records(places.run) if is_alive(record)}
    state = read_state(places)
    if not records or state is None:
        print("Nothing runs.")
        return NOTHING_RUNS
    if supervisor_record(places) is None:
        print("The supervisor was killed; the rest runs unwatched. `make up` clears up and starts again.")
    print(f"{'':16} {'state':10} {'pid':>8} {'up':>10} {'restarts':>9} {'memory':>9}")
    programs = _programs(places, state)
    all_ready = supervisor_record(places) is not None
    for name in [SUPERVISOR, *programs]:
        record = records.get(name)
        if record is None:
            print(f"{name:16} not there")
            all_ready = False
            continue
        ready = name not in programs or programs[name].ready()
        all_ready = all_ready and ready
        up, memory = _span(time.time() - record.since), memory_bytes(record.pid) // 2**20
        word = state.stage if name == SUPERVISOR else "ready" if ready else "not ready"
        why = "" if ready else programs[name].reasons()
        print(f"{name:16} {word:10} {record.pid:>8} {up:>10} {record.restarts:>9} {memory:>6} MB  {why}".rstrip())
    for variable in state.elsewhere:
        print(f"{variable} points at a server of yours")
    missing = figure(http_answer(f"http://{HOST}:{state.ports.tickets_worker_health}/metrics")[1], LEDGER_MISSING)
    if missing:
        print(f"\n{missing:.0f} originals have no outcome: `python -m tickets ledger` names them")
    return max(_print_kafka(state.kafka_bootstrap), 0 if all_ready and not missing else 1)


def figure(text: bytes, name: str) -> float:
    """The sum of a metric's samples in Prometheus text; 0 where there is none."""
    lines = text.decode(errors="replace").splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.partition("{")[0].partition(" ")[0] == name)


def lags(client: AdminClient) -> list[Lag]:
    """Of every group and topic. Raises KafkaException."""
    found = []
    groups = sorted(group.group_id for group in client.list_consumer_groups(request_timeout=SECONDS).result().valid)
    for group in groups:
        asked = client.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)], request_timeout=SECONDS)
        committed = asked[group].result().topic_partitions or []
        ends = _ends(client, [TopicPartition(each.topic, each.partition) for each in committed])
        behind: dict[str, int] = {}
        for each in committed:
            missing = ends[each.topic, each.partition] - max(each.offset, 0)
            behind[each.topic] = behind.get(each.topic, 0) + missing
        found += [Lag(group, topic, count) for topic, count in sorted(behind.items())]
    return found


def _ends(client: AdminClient, partitions: list[TopicPartition]) -> dict[tuple[str, int], int]:
    if not partitions:
        return {}
    latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
    asked = client.list_offsets(dict.fromkeys(partitions, latest), request_timeout=SECONDS)
    return {(partition.topic, partition.partition): future.result().offset for partition, future in asked.items()}


def _print_kafka(bootstrap: str) -> int:
    client = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    try:
        client.list_topics(timeout=SECONDS)
        print("\nmessages not yet read")
        for lag in lags(client):
            print(f"  {lag.group:32} {lag.topic:20} {lag.behind:>8}")
        print("dead letters that wait for replay")
        for box in boxes(bootstrap):
            print(f"  {box.name:53} {len(waiting_in(bootstrap, box)):>8}")
    except (KafkaException, BrokerAway):
        print(f"\nKafka at {bootstrap} does not answer, so neither lag nor dead letters are known.")
        return 1
    return 0


def _programs(places: Places, state: State) -> dict[str, Program]:
    system = LocalSystem(places.root, state.ports, existing=dict.fromkeys(state.elsewhere, ""))
    return {program.name: program for program in (*system.servers(), *system.services())}


def _span(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
