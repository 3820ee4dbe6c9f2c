"""The bucket as one tar file, each object under its key. Objects never change, so what is copied one after another is consistent."""

import io
import tarfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TypeVar, cast

from deploy.backup.folder import BackupFault, Entry, NewBackup
from kit.object_store import S3ObjectStore

FILE = "objects.tar"
_AT_ONCE = 8
_TYPE = "HELPDESK.media_type"

Item = TypeVar("Item")


def copy(store: S3ObjectStore, backup: NewBackup) -> None:
    """Every object that is there now. Raises StoreAway."""
    with (
        backup.file(FILE) as file,
        tarfile.open(fileobj=cast(io.BytesIO, file), mode="w|", format=tarfile.PAX_FORMAT) as tar,
        ThreadPoolExecutor(_AT_ONCE) as pool,
    ):
        for keys in _portions(store.keys()):
            for key, (content, media_type) in zip(keys, pool.map(store.get_with_type, keys), strict=True):
                member = tarfile.TarInfo(key)
                member.size, member.pax_headers = len(content), {_TYPE: media_type}
                tar.addfile(member, io.BytesIO(content))
                file.count += 1


def occupied(store: S3ObjectStore) -> bool:
    """Whether the bucket holds something."""
    return next(iter(store.keys()), None) is not None


def load(store: S3ObjectStore, folder: Path, entry: Entry) -> int:
    """Puts every object of the backup; returns how many. Raises StoreAway, BackupFault."""
    count = 0
    with (
        (folder / FILE).open("rb") as file,
        tarfile.open(fileobj=file, mode="r|") as tar,
        ThreadPoolExecutor(_AT_ONCE) as pool,
    ):
        for some in _portions(_contents(tar)):
            count += len(list(pool.map(lambda one: store.put(*one), some)))
    if count != entry.count:
        raise BackupFault(f"{FILE} holds {count} objects, the manifest says {entry.count}")
    return count


def _contents(tar: tarfile.TarFile) -> Iterator[tuple[str, bytes, str]]:
    for member in tar:
        file = tar.extractfile(member)
        if file is not None:
            yield member.name, file.read(), member.pax_headers.get(_TYPE, "application/octet-stream")


def _portions(items: Iterable[Item]) -> Iterator[list[Item]]:
    left = iter(items)
    while portion := list(islice(left, _AT_ONCE)):
        yield portion
