"""A backup as a folder: files with their checksums, and a manifest that comes last, so that what is half done never looks whole."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

FORMAT = 1
MANIFEST = "manifest.json"
UNFINISHED = ".unfinished"
_PIECE = 2**20


class BackupFault(Exception):
    """Why a backup cannot be made or used: one sentence for an operator."""


class Entry(BaseModel):
    """One file. `count` is that of its documents, objects or records."""

    model_config = ConfigDict(extra="forbid")

    bytes: int
    sha256: str
    count: int


class Keys(BaseModel):
    """Fingerprints of the keys that are not in the backup, so that a restore under others is noticed."""

    pseudonym_key: str
    reply_token_keys: dict[str, str]


class Manifest(BaseModel):
    """What is in the folder. `since`: whatever was sent before then, all its readers had read."""

    format: int = FORMAT
    began_at: datetime
    finished_at: datetime
    since: datetime
    keys: Keys
    files: dict[str, Entry]


class Written:
    """A file that is being written; knows its checksum. `count` is for the writer to set."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._hash = file, hashlib.sha256()
        self.bytes = self.count = 0

    def write(self, content: bytes) -> int:
        """Writes all of it."""
        self._file.write(content)
        self._hash.update(content)
        self.bytes += len(content)
        return len(content)

    def entry(self) -> Entry:
        """As the manifest names it."""
        return Entry(bytes=self.bytes, sha256=self._hash.hexdigest(), count=self.count)


class NewBackup:
    """A backup that is being made, beside its place until it is whole. For its owner's eyes: it is full of personal data."""

    def __init__(self, target: Path) -> None:
        self._target, self._work = target, target.with_name(target.name + UNFINISHED)
        self.files: dict[str, Entry] = {}

    def __enter__(self) -> "NewBackup":
        if self._target.exists():
            raise BackupFault(f"{self._target} is there already: name a new folder")
        try:
            self._target.parent.mkdir(parents=True, exist_ok=True)
            self._work.mkdir(mode=0o700)
        except FileExistsError:
            raise BackupFault(
                f"{self._work} is left from a backup that was interrupted, or one is under way: remove it"
            ) from None
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            shutil.rmtree(self._work, ignore_errors=True)

    @contextmanager
    def file(self, name: str) -> Iterator[Written]:
        """A new file of the backup."""
        path = self._work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            written = Written(file)
            yield written
            file.flush()
            os.fsync(file.fileno())
        self.files[name] = written.entry()

    def finish(self, manifest: Manifest) -> None:
        """Everything is written: from here on it is a backup."""
        with self.file(MANIFEST) as file:
            file.write(orjson.dumps(manifest.model_dump(mode="json"), option=orjson.OPT_INDENT_2) + b"\n")
        self._work.rename(self._target)
        folder = os.open(self._target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a whole backup. Raises BackupFault."""
    if folder.name.endswith(UNFINISHED):
        raise BackupFault(f"{folder} is what an interrupted backup left, and not whole")
    try:
        document = orjson.loads((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        raise BackupFault(f"{folder} is no backup: there is no {MANIFEST}") from None
    except (OSError, ValueError):
        raise BackupFault(f"{folder / MANIFEST} cannot be read") from None
    found = document.get("format") if isinstance(document, dict) else None
    if found != FORMAT:
        raise BackupFault(f"{folder} has format {found}, this version reads {FORMAT}: use the version that made it")
    try:
        return Manifest.model_validate(document)
    except ValidationError as error:
        raise BackupFault(f"{folder / MANIFEST} is broken in {error.error_count()} places") from None


def verify(folder: Path, manifest: Manifest) -> None:
    """Compares every file with its checksum. Raises BackupFault at the first that differs."""
    for name, entry in sorted(manifest.files.items()):
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise BackupFault(f"{name} lies outside the backup")
        try:
            found = _entry_of(path, entry.count)
        except FileNotFoundError:
            raise BackupFault(f"{name} is missing in {folder}") from None
        if found != entry:
            raise BackupFault(f"{name} in {folder} is not what was written: {found.bytes} of {entry.bytes} bytes")


def _entry_of(path: Path, count: int) -> Entry:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return Entry(bytes=size, sha256=digest.hexdigest(), count=count)
