"""Backup and restore of everything: the databases, the store, what of Kafka is nowhere else. Settings as those of the services."""

import hashlib
import hmac
import logging
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from confluent_kafka import KafkaException
from pymongo.errors import PyMongoError

from deploy.backup import databases, objects, resuming, road
from deploy.backup.folder import BackupFault, Keys, Manifest, NewBackup, read_manifest, verify
from kit import mongo
from kit.object_store import S3ObjectStore, StoreAway
from kit.partitions import BrokerAway
from kit.settings import (
    KafkaSettings,
    MongoSettings,
    ObjectStoreSettings,
    SecretSettings,
    ServiceSettings,
    argument_parser,
    load,
)


class Settings(ServiceSettings, KafkaSettings, MongoSettings, ObjectStoreSettings, SecretSettings):
    """As the services have them."""


def main() -> int:
    """The command line; returns the exit code."""
    parser = argument_parser("deploy.backup", __doc__ or "", Settings)
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create", help="copy everything into a new folder, while the services run")
    create.add_argument("folder", type=Path)
    check = commands.add_parser("check", help="whether a backup is whole and unchanged")
    check.add_argument("folder", type=Path)
    restore = commands.add_parser("restore", help="fill empty servers from a backup; the services do not run")
    restore.add_argument("folder", type=Path)
    restore.add_argument("--other-keys", action="store_true", help="although the keys of that time are lost")
    arguments = parser.parse_args()
    logging.getLogger("kit").addHandler(logging.NullHandler())
    try:
        if arguments.command == "check":
            return _check(arguments.folder)
        settings = load(Settings)
        if arguments.command == "create":
            return _create(settings, arguments.folder)
        return _restore(settings, arguments.folder, other_keys=arguments.other_keys)
    except BackupFault as fault:
        print(fault, file=sys.stderr)
    except OSError as error:
        print(f"{error.filename or 'the backup'}: {error.strerror}", file=sys.stderr)
    except PyMongoError as error:
        print(
            f"the database does not answer, or not as it should: {type(error).__name__} (MONGODB_URI)", file=sys.stderr
        )
    except StoreAway:
        print("the object store does not answer (S3_ENDPOINT)", file=sys.stderr)
    except (BrokerAway, KafkaException):
        print("Kafka does not answer (KAFKA_BOOTSTRAP)", file=sys.stderr)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
    return 1


def _create(settings: Settings, target: Path) -> int:
    started, began = time.monotonic(), datetime.now(UTC)
    client = mongo.connect(settings, "backup").client
    with NewBackup(target) as backup:
        # The order is the proof (decision 0019). First how far readers are: what they had read is in the databases or among the dead
        # letters. Then the databases, all at one moment. What is unread is looked for after it, so nothing sent until then is passed
        # over. The originals last: every case finds its own, and what is no case yet is taken in again.
        read = road.places(settings.kafka_bootstrap)
        road.copy(settings.kafka_bootstrap, backup)
        databases.copy(client, settings.mongodb_prefix, backup)
        unread = road.oldest_unread(settings.kafka_bootstrap, read)
        objects.copy(S3ObjectStore.connect(settings), backup)
        manifest = Manifest(
            began_at=began,
            finished_at=datetime.now(UTC),
            since=min(began, unread or began),
            keys=fingerprints(settings),
            files=dict(backup.files),
        )
        backup.finish(manifest)
    _tell_counts(manifest)
    print(f"{target}: whole, {time.monotonic() - started:.0f} s. It holds personal data; the keys are not in it.")
    return 0


def _check(folder: Path) -> int:
    manifest = read_manifest(folder)
    verify(folder, manifest)
    _tell_counts(manifest)
    print(f"{folder}: whole and unchanged, of {manifest.began_at:%Y-%m-%d %H:%M:%S} UTC")
    return 0


def _restore(settings: Settings, folder: Path, *, other_keys: bool) -> int:
    started = time.monotonic()
    manifest = read_manifest(folder)
    verify(folder, manifest)
    if not other_keys and not _same_keys(manifest.keys, fingerprints(settings)):
        raise BackupFault(
            "the keys are not those of the backup: put back the file that SECRETS_FILE named, or --other-keys"
        )
    client, store = mongo.connect(settings, "backup").client, S3ObjectStore.connect(settings)
    store.prepare()
    _refuse_what_is_there(settings, store)
    count = databases.load(client, settings.mongodb_prefix, folder, manifest.files)
    print(f"{count} documents")
    print(f"{objects.load(store, folder, manifest.files[objects.FILE])} objects")
    print(
        f"{road.load(settings.kafka_bootstrap, folder, manifest.files)} records; what was on the road is sent again:",
        flush=True,
    )
    whole = resuming.resume(manifest.since, lambda line: print(line, flush=True))
    if not whole:
        raise BackupFault("everything is back, but a step above failed: repeat it before the services start")
    print(
        f"restored as of {manifest.began_at:%Y-%m-%d %H:%M:%S} UTC, {time.monotonic() - started:.0f} s; start the services"
    )
    return 0


def _refuse_what_is_there(settings: Settings, store: S3ObjectStore) -> None:
    """Two histories in one place could never be taken apart again."""
    found = databases.occupied(mongo.connect(settings, "backup").client, settings.mongodb_prefix)
    if found is not None:
        raise BackupFault(
            f"MongoDB is not empty: {found} holds something. A restore needs empty servers and stopped services"
        )
    if objects.occupied(store):
        raise BackupFault(
            f"the store is not empty: bucket {settings.s3_bucket} holds something. A restore needs empty servers"
        )
    if topic := road.occupied(settings.kafka_bootstrap):
        raise BackupFault(f"Kafka is not empty: {topic} holds something. A restore needs empty servers")


def fingerprints(settings: SecretSettings) -> Keys:
    """Names of the keys by which nobody can guess them."""

    def fingerprint(key: bytes) -> str:
        return hmac.new(key, b"fingerprint of a key in a backup", hashlib.sha256).hexdigest()[:16] if key else ""

    reply = {name: fingerprint(key.get_secret_value()) for name, key in settings.reply_token_keys.items()}
    return Keys(pseudonym_key=fingerprint(settings.pseudonym_key.get_secret_value()), reply_token_keys=reply)


def _same_keys(kept: Keys, present: Keys) -> bool:
    """A key that was added since does no harm."""
    return (
        kept.pseudonym_key == present.pseudonym_key
        and kept.reply_token_keys.items() <= present.reply_token_keys.items()
    )


def _tell_counts(manifest: Manifest) -> None:
    for name, entry in sorted(manifest.files.items()):
        print(f"{name:44} {entry.count:>9} {entry.bytes / 2**20:>9.1f} MB")


if __name__ == "__main__":
    # As Ctrl-C: an interrupted backup leaves nothing behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
