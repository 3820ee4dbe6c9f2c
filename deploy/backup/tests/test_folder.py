"""A backup is whole or is none: what is half done, changed, missing or of another version is said in one sentence."""

import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from deploy.backup.__main__ import main
from deploy.backup.folder import MANIFEST, UNFINISHED, BackupFault, Keys, Manifest, NewBackup, read_manifest, verify

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)
KEYS = Keys(pseudonym_key="", reply_token_keys={})
FILE = "databases/tickets/events.bson"


def made(folder: Path) -> Path:
    with NewBackup(folder) as backup:
        with backup.file(FILE) as file:
            file.write(b"content")
            file.count = 1
        manifest = Manifest(began_at=NOW, finished_at=NOW, since=NOW, keys=KEYS, files=dict(backup.files))
        backup.finish(manifest)
    return folder


def test_a_backup_that_was_finished_is_whole_and_for_its_owner_only(tmp_path: Path) -> None:
    folder = made(tmp_path / "there" / "one")
    manifest = read_manifest(folder)
    verify(folder, manifest)
    assert manifest.files[FILE].count == 1
    assert [path.name for path in folder.parent.iterdir()] == ["one"]
    assert {oct(path.stat().st_mode & 0o777) for path in (folder, folder / FILE)} == {"0o700", "0o600"}


def test_an_interrupted_backup_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> None:
        with NewBackup(tmp_path / "one") as backup, backup.file(FILE) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_backup_leaves_never_looks_whole(tmp_path: Path) -> None:
    program = (
        "import os, signal; from pathlib import Path; from deploy.backup.folder import NewBackup\n"
        f"with NewBackup(Path({str(tmp_path / 'one')!r})) as backup, backup.file('a') as file:\n"
        "    file.write(b'half'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -signal.SIGKILL
    left = tmp_path / f"one{UNFINISHED}"
    assert not (tmp_path / "one").exists()
    with pytest.raises(BackupFault, match="interrupted"):
        read_manifest(left)
    with pytest.raises(BackupFault, match="remove it"), NewBackup(tmp_path / "one"):
        pass


def test_an_older_backup_is_not_written_over(tmp_path: Path) -> None:
    made(tmp_path / "one")
    with pytest.raises(BackupFault, match="there already"), NewBackup(tmp_path / "one"):
        pass
    verify(tmp_path / "one", read_manifest(tmp_path / "one"))


def with_manifest(**changes: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        document = orjson.loads((folder / MANIFEST).read_bytes())
        (folder / MANIFEST).write_bytes(orjson.dumps({**document, **changes}))

    return change


FAULTS: dict[str, Callable[[Path], object]] = {
    f"{FILE} is missing": lambda folder: (folder / FILE).unlink(),
    f"{FILE} in .* is not what was written: 7 of 7": lambda folder: (folder / FILE).write_bytes(b"CONTENT"),
    f"{FILE} in .* is not what was written: 3 of 7": lambda folder: (folder / FILE).write_bytes(b"con"),
    "is no backup: there is no manifest": lambda folder: (folder / MANIFEST).unlink(),
    "cannot be read": lambda folder: (folder / MANIFEST).write_bytes(b'{"format": 1'),
    "format None": lambda folder: (folder / MANIFEST).write_bytes(b"[]"),
    "format 2, this version reads 1": with_manifest(format=2),
    "broken in 1 places": with_manifest(since="yesterday"),
    "lies outside": with_manifest(files={"../../x": {"bytes": 1, "sha256": "", "count": 1}}),
}


@pytest.mark.parametrize("sentence", FAULTS)
def test_what_is_wrong_with_a_backup_is_said_in_one_sentence_before_any_server_is_asked(
    sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made(tmp_path / "one")
    FAULTS[sentence](folder)
    with pytest.raises(BackupFault, match=sentence):
        verify(folder, read_manifest(folder))
    nowhere = {
        "KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "MONGODB_URI": "mongodb://127.0.0.1:1",
        "S3_ENDPOINT": "http://127.0.0.1:1",
        "S3_SECRET_KEY": "x",
    }
    for name, value in nowhere.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["deploy.backup", "restore", str(folder)])
    assert main() == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
