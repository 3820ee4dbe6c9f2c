"""Real servers for tests: those that the environment names, else throw-away ones for the whole run.

A test that asks for `servers` needs a real Kafka, MongoDB and S3 store. Where they cannot be started the test is skipped on a
laptop, and fails in CI (`CI=true`), where a skipped proof would look like a proof.
"""

from collections.abc import Iterator, Mapping

import pytest

from deploy.local.environment import existing_servers
from deploy.local.ports import Ports
from deploy.local.skipping import skipped_without
from deploy.local.system import LocalSystem


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """The environment that services get: KAFKA_BOOTSTRAP, MONGODB_URI, S3_ENDPOINT, …; see deploy/local/environment.py."""
    with LocalSystem(tmp_path_factory.mktemp("servers"), Ports.free(), existing=existing_servers()) as system:
        with skipped_without("servers"):
            system.start_servers()
        yield system.environment
