"""What the services are told: one function, so that `make up`, the tests and the documentation cannot differ."""

import os
import shlex
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import packs
from deploy.local.places import Places
from deploy.local.ports import HOST, Ports
from deploy.local.readiness import REPLICA_SET
from deploy.local.secret_files import S3Keys
from packs.office import Town

# Who sets one of these has such a server already, so none is started.
EXISTING_SERVERS = ("KAFKA_BOOTSTRAP", "MONGODB_URI", "S3_ENDPOINT", "SMTP_RELAY")
# Which of these in an operator's shell only repeat what the local system wrote there of its own servers.
OWN_SERVERS = "LOCAL_SYSTEM_OWN_SERVERS"
TRIAL_OPERATOR = "provoz@lipovany.test"


def pack_folder() -> Path:
    """Where the town's pack lies: `PACK` of the caller's environment, else that of the invented town."""
    return Path(os.environ.get("PACK") or "packs/lipovany")


def town() -> Town:
    """The town that the pack speaks of. Raises PackError."""
    return _town_of(pack_folder())


@cache
def _town_of(folder: Path) -> Town:
    return packs.load(folder).town


def existing_servers() -> dict[str, str]:
    """What the caller's environment says of servers that are there already. An empty value says nothing."""
    ours = os.environ.get(OWN_SERVERS, "").split()
    names = (*EXISTING_SERVERS, "S3_ACCESS_KEY", "S3_SECRET_KEY")
    told = {name: os.environ[name] for name in names if os.environ.get(name)}
    return {name: value for name, value in told.items() if f"{name}={value}" not in ours}


def server_environment(ports: Ports, keys: S3Keys, existing: Mapping[str, str]) -> dict[str, str]:
    """Where the servers are: ours, or those in `existing`."""
    ours = {
        "KAFKA_BOOTSTRAP": ",".join(f"{HOST}:{port}" for port in ports.kafka),
        "MONGODB_URI": f"mongodb://{HOST}:{ports.mongod}/?replicaSet={REPLICA_SET}",
        "S3_ENDPOINT": f"http://{HOST}:{ports.s3proxy}",
        "SMTP_RELAY": f"{HOST}:{ports.mail_catcher}",
    }
    credentials = {"S3_ACCESS_KEY": keys.access_key, "S3_SECRET_KEY": keys.secret_key}
    if "S3_ENDPOINT" in existing:
        credentials = {name: existing.get(name, "") for name in credentials}
    return {**ours, **{name: existing[name] for name in EXISTING_SERVERS if name in existing}, **credentials}


def service_environment(places: Places, ports: Ports, servers: Mapping[str, str]) -> dict[str, str]:
    """What every service gets beside its own HEALTH_LISTEN and INSTANCE."""
    return {
        **servers,
        "SECRETS_FILE": str(places.secrets),
        "MUNICIPALITIES": f"{town().email}={town().slug}",
        "SMTP_LISTEN": f"{HOST}:{ports.smtp_intake}",
        "API_LISTEN": f"{HOST}:{ports.tickets_api}",
        "OPERATOR_EMAIL": _operator(ports, servers),
    }


def _operator(ports: Ports, servers: Mapping[str, str]) -> str:
    """Who gets alarms: whom the caller names, else in a trial somebody whose mails are caught like all others."""
    trial = servers["SMTP_RELAY"] == f"{HOST}:{ports.mail_catcher}"
    return os.environ.get("OPERATOR_EMAIL", TRIAL_OPERATOR if trial else "")


def shell_lines(environment: Mapping[str, str], existing: Mapping[str, str]) -> str:
    """The environment for an operator's shell, which `existing_servers` can tell from servers of his own."""
    ours = " ".join(f"{name}={environment[name]}" for name in EXISTING_SERVERS if name not in existing)
    told = {**environment, OWN_SERVERS: ours}
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in told.items())
