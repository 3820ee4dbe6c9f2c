"""The servers that the services stand on: what each needs to run, as data. Versions are pinned in the poms and in dev.txt."""

import base64
import importlib.util
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.local import jars, readiness
from deploy.local.places import Places
from deploy.local.ports import HOST, Ports
from deploy.local.programs import Program, StartFailed
from deploy.local.secret_files import S3Keys, write_private

FILES = Path(__file__).resolve().parent
# Any 16 bytes; the same everywhere, because nothing here ever joins two clusters.
CLUSTER_ID = base64.urlsafe_b64encode(b"mestsky-helpdesk").decode().rstrip("=")
# The compiler stays at full strength: at its first level the broker would be ready sooner, and slower ever after.
KAFKA_JVM = ("-Xms256m", "-Xmx512m", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-Djava.awt.headless=true")
S3PROXY_JVM = ("-Xms64m", "-Xmx256m", "-XX:+UseSerialGC")
QUICK_JVM = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
DAY_MINUTES = 24 * 60


def kafka_servers(places: Places, ports: Ports) -> list[Program]:
    """One broker for each port in `ports.kafka`, all of them controllers too (KRaft)."""
    count = len(ports.kafka)
    ready = readiness.kafka_ready(ports.kafka)
    return [_kafka_server(places, ports, node, ready) for node in range(1, count + 1)]


def _kafka_server(places: Places, ports: Ports, node: int, ready: readiness.Check) -> Program:
    name = "kafka" if len(ports.kafka) == 1 else f"kafka-{node}"
    data = places.data / name
    properties = places.data / f"{name}.properties"
    logging = (f"-Dlog4j2.configurationFile={FILES}/kafka/log4j2.xml", f"-Dkafka.log.file={places.log}/{name}.log")
    java = (*logging, "-cp", f"{jars.directory('kafka')}/*")

    def prepare() -> None:
        data.mkdir(parents=True, exist_ok=True)
        properties.write_text(_properties(_kafka_settings(data, ports, node)))
        if (data / "meta.properties").exists():
            return
        tool = ("kafka.tools.StorageTool", "format", "--cluster-id", CLUSTER_ID, "--config", str(properties))
        done = subprocess.run(("java", *QUICK_JVM, *java, *tool), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise StartFailed(f"{name}: its storage could not be formatted:\n{done.stdout}{done.stderr}")

    return Program(
        name=name,
        command=("java", *KAFKA_JVM, *java, "kafka.Kafka", str(properties)),
        ports=(ports.kafka[node - 1], ports.kafka_controllers[node - 1]),
        ready=ready,
        prepare=prepare,
        instead="KAFKA_BOOTSTRAP",
        stop_seconds=30,
    )


def _kafka_settings(data: Path, ports: Ports, node: int) -> dict[str, object]:
    count = len(ports.kafka)
    replicas, in_sync = (3, 2) if count >= 3 else (1, 1)
    here, controller = ports.kafka[node - 1], ports.kafka_controllers[node - 1]
    advertised = (ports.kafka_advertised or ports.kafka)[node - 1]
    voters = ",".join(f"{number}@{HOST}:{port}" for number, port in enumerate(ports.kafka_controllers, start=1))
    return {
        "process.roles": "broker,controller",
        "node.id": node,
        "controller.quorum.voters": voters,
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{HOST}:{here},CONTROLLER://{HOST}:{controller}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{advertised}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": data,
        # Topics are made from the registry only: a typo shall not make one.
        "auto.create.topics.enable": "false",
        "default.replication.factor": replicas,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": replicas,
        "offsets.topic.num.partitions": 4,
        "offsets.retention.minutes": 90 * DAY_MINUTES,
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": in_sync,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": replicas,
        "share.coordinator.state.topic.min.isr": in_sync,
        "share.coordinator.state.topic.num.partitions": 1,
        # After kill -9 a broker is let in again only when its earlier session is over; the default is 9 s.
        "broker.session.timeout.ms": 4000,
        "broker.heartbeat.interval.ms": 500,
        # A group's first member need not wait for more of them.
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 6000,
        # The default takes 128 MB of the heap for compaction that a town's rulesets never need.
        "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
    }


def mongod(places: Places, ports: Ports) -> Program:
    """MongoDB as a one-node replica set (transactions need one), journaled."""
    data = places.data / "mongod"
    settings = {
        "dbpath": data,
        "bind_ip": HOST,
        "port": ports.mongod,
        "replSet": readiness.REPLICA_SET,
        "oplogSize": 512,
        "wiredTigerCacheSizeGB": 0.5,
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    return Program(
        name="mongod",
        command=(str(_mongod_binary()), *options, "--nounixsocket", "--quiet"),
        ports=(ports.mongod,),
        ready=readiness.mongod_ready(ports.mongod),
        prepare=lambda: data.mkdir(parents=True, exist_ok=True),
        instead="MONGODB_URI",
        stop_seconds=30,
    )


def _mongod_binary() -> Path:
    # The package is only a carrier of the binary, so it is found without being imported.
    found = importlib.util.find_spec("fiftyone")
    for folder in (found.submodule_search_locations or []) if found else []:
        binary = Path(folder) / "db" / "bin" / "mongod"
        if binary.is_file():
            return binary
    raise StartFailed("mongod is not installed: run `make setup`")


def s3proxy(places: Places, ports: Ports, keys: S3Keys) -> Program:
    """An S3 store that keeps objects as files."""
    data = places.data / "s3"
    properties = places.data / "s3proxy.properties"
    java = (f"-Dlogback.configurationFile={FILES}/s3proxy/logback.xml", "-cp", f"{jars.directory('s3proxy')}/*")
    settings = {
        "s3proxy.endpoint": f"http://{HOST}:{ports.s3proxy}",
        "s3proxy.authorization": "aws-v2-or-v4",
        "s3proxy.identity": keys.access_key,
        "s3proxy.credential": keys.secret_key,
        "jclouds.provider": "filesystem-nio2",
        "jclouds.filesystem.basedir": data,
    }

    def prepare() -> None:
        data.mkdir(parents=True, exist_ok=True)
        write_private(properties, _properties(settings))

    return Program(
        name="s3proxy",
        command=("java", *S3PROXY_JVM, *java, "org.gaul.s3proxy.Main", "--properties", str(properties)),
        ports=(ports.s3proxy,),
        ready=readiness.answers_http(ports.s3proxy),
        prepare=prepare,
        instead="S3_ENDPOINT",
    )


def mail_catcher(places: Places, ports: Ports) -> Program:
    """The town's outgoing relay in the trial; its MAIL_CATCHER_... settings are in mail_catcher.py."""
    return Program(
        name="mail-catcher",
        command=(sys.executable, "-m", "deploy.local.mail_catcher"),
        environment={
            "MAIL_CATCHER_DIRECTORY": str(places.mail),
            "MAIL_CATCHER_LISTEN": f"{HOST}:{ports.mail_catcher}",
            "MAIL_CATCHER_PAGE": f"{HOST}:{ports.mail_page}",
        },
        ports=(ports.mail_catcher, ports.mail_page),
        ready=readiness.greets_smtp(ports.mail_catcher),
        instead="SMTP_RELAY",
    )


def _properties(settings: Mapping[str, object]) -> str:
    return "".join(f"{key}={value}\n" for key, value in settings.items())
