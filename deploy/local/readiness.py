"""How one sees from outside that a server works: by what its clients will do, not by its process or its log."""

import http.client
import json
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.local.ports import HOST

REPLICA_SET = "rs0"
# MongoDB's number of this error.
ALREADY_INITIALIZED = 23

Check = Callable[[], bool]


def listens(port: int) -> bool:
    """Whether somebody accepts connections on the port."""
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False


def kafka_ready(ports: tuple[int, ...]) -> Check:
    """Every broker is in the cluster's own list of brokers."""

    def check() -> bool:
        # Asked first because librdkafka complains on standard error about each refused connection.
        if not all(listens(port) for port in ports):
            return False
        client = AdminClient({"bootstrap.servers": ",".join(f"{HOST}:{port}" for port in ports), "log_level": 0})
        try:
            return len(client.list_topics(timeout=2).brokers) == len(ports)
        except KafkaException:
            return False

    return check


def mongod_ready(port: int) -> Check:
    """The node is the primary of its replica set, which the first check founds."""

    def check() -> bool:
        if not listens(port):
            return False
        address = f"mongodb://{HOST}:{port}/?directConnection=true"
        try:
            with MongoClient[dict[str, Any]](address, serverSelectionTimeoutMS=1000) as client:
                if client.admin.command("hello").get("isWritablePrimary"):
                    return True
                _found_replica_set(client, f"{HOST}:{port}")
        except PyMongoError:
            pass
        return False

    return check


def _found_replica_set(client: MongoClient[dict[str, Any]], host: str) -> None:
    """Make the node its own replica set; a set that was founded on another port gets the present one."""
    try:
        client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [{"_id": 0, "host": host}]})
    except OperationFailure as refused:
        if refused.code != ALREADY_INITIALIZED:
            return
        config = client.admin.command("replSetGetConfig")["config"]
        if config["members"][0]["host"] != host:
            config["members"][0]["host"] = host
            client.admin.command("replSetReconfig", {**config, "version": config["version"] + 1}, force=True)


def answers_http(port: int) -> Check:
    """Something speaks HTTP there, whatever it says to a stranger."""
    return lambda: http_status(f"http://{HOST}:{port}/") is not None


def says_ready(health_port: int) -> Check:
    """A service's own word on its health port."""
    return lambda: http_status(f"http://{HOST}:{health_port}/ready") == http.client.OK


def greets_smtp(port: int) -> Check:
    """A mail server greets with 220."""

    def check() -> bool:
        try:
            with socket.create_connection((HOST, port), timeout=2) as connection:
                return connection.recv(3) == b"220"
        except OSError:
            return False

    return check


def reasons(health_port: int) -> str:
    """Why a service says that it is not ready; empty when it is, or says nothing."""
    _, body = http_answer(f"http://{HOST}:{health_port}/ready")
    with suppress(ValueError, KeyError, AttributeError):
        return ", ".join(f"{check}: {reason}" for check, reason in json.loads(body)["reasons"].items())
    return ""


def http_status(url: str) -> int | None:
    """Status of a GET; None when there is no answer that is HTTP."""
    return http_answer(url)[0]


def http_answer(url: str, seconds: float = 2) -> tuple[int | None, bytes]:
    """Status and body of a GET; None and nothing when there is no answer that is HTTP."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or HOST, address.port, timeout=seconds)
    try:
        connection.request("GET", address.path or "/")
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return None, b""
    finally:
        connection.close()
