"""All databases of the installation, as they were at one moment: files of BSON, as `mongorestore` reads them too."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bson import decode_file_iter
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from deploy.backup.folder import BackupFault, Entry, NewBackup

FOLDER = "databases"
_SNAPSHOT_TOO_OLD = 239
_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
_DOCUMENTS, _BYTES = 1_000, 8 * 2**20


def own(client: MongoClient[Any], prefix: str) -> dict[str, list[str]]:
    """The installation's databases, without the prefix, and their collections."""
    names = sorted(name for name in client.list_database_names() if name.startswith(f"{prefix}_"))
    return {
        name.removeprefix(f"{prefix}_"): sorted(
            found for found in client[name].list_collection_names() if not found.startswith("system.")
        )
        for name in names
    }


def copy(client: MongoClient[Any], prefix: str, backup: NewBackup) -> None:
    """Every document, all of them at the moment of the first read, whatever is written meanwhile. Raises BackupFault."""
    collections = own(client, prefix)
    with client.start_session(snapshot=True) as session:
        for service, names in collections.items():
            database = client.get_database(f"{prefix}_{service}", codec_options=_RAW)
            for name in names:
                with backup.file(f"{FOLDER}/{service}/{name}.bson") as file:
                    try:
                        for document in database[name].find(session=session).batch_size(_DOCUMENTS):
                            file.write(document.raw)
                            file.count += 1
                    except OperationFailure as error:
                        if error.code != _SNAPSHOT_TOO_OLD:
                            raise
                        raise BackupFault(
                            "MongoDB keeps its past for a shorter time than the copy takes: raise its parameter "
                            "minSnapshotHistoryWindowInSeconds"
                        ) from None


def occupied(client: MongoClient[Any], prefix: str) -> str | None:
    """A collection that holds something; None where all are empty."""
    for service, names in own(client, prefix).items():
        for name in names:
            if client[f"{prefix}_{service}"][name].find_one({}, {"_id": 1}) is not None:
                return f"{prefix}_{service}.{name}"
    return None


def load(client: MongoClient[Any], prefix: str, folder: Path, files: dict[str, Entry]) -> int:
    """Writes the documents of the backup; returns how many. Indexes are made by the services themselves."""
    total = 0
    for name, entry in files.items():
        kind, *place = name.split("/")
        if kind != FOLDER:
            continue
        service, collection = place[0], place[1].removesuffix(".bson")
        target = client.get_database(f"{prefix}_{service}", codec_options=_RAW)[collection]
        written = 0
        for batch in _batches(folder / name):
            target.insert_many(batch, ordered=False)
            written += len(batch)
        if written != entry.count:
            raise BackupFault(f"{name} holds {written} documents, the manifest says {entry.count}")
        total += written
    return total


def _batches(path: Path) -> Iterator[list[RawBSONDocument]]:
    batch: list[RawBSONDocument] = []
    size = 0
    with path.open("rb") as file:
        for document in decode_file_iter(file, _RAW):
            batch.append(document)
            size += len(document.raw)
            if len(batch) == _DOCUMENTS or size > _BYTES:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch
