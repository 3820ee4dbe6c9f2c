"""Small file systems of their own, which may be filled up without hurting anybody else. Needs root and the right to mount."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BALLAST = "ballast"
MEGABYTES = 2048


class NotPermitted(Exception):
    """This machine does not let us mount; the text says what it said."""


class Disk:
    """A file with an ext4 in it, mounted at a folder. The file is sparse: it takes what is written to it."""

    def __init__(self, image: Path, folder: Path) -> None:
        self._image, self.folder = image, folder

    def mount(self) -> None:
        """Raises NotPermitted."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._image.parent.mkdir(parents=True, exist_ok=True)
        with self._image.open("wb") as file:
            file.truncate(MEGABYTES * 1024 * 1024)
        # No blocks kept back for root: full shall mean full.
        _run("mkfs.ext4", "-q", "-m", "0", str(self._image))
        _run("mount", "-o", "loop", str(self._image), str(self.folder))
        # Kafka takes every folder for a partition.
        (self.folder / "lost+found").rmdir()

    def fill(self) -> None:
        """Takes every block that is free now; may be repeated."""
        piece = 64 * 1024 * 1024
        with (self.folder / BALLAST).open("ab") as file:
            while piece >= 4096:
                end = os.fstat(file.fileno()).st_size
                try:
                    os.posix_fallocate(file.fileno(), end, piece)
                except OSError:
                    piece //= 2

    def free(self) -> None:
        """Gives the blocks back."""
        (self.folder / BALLAST).unlink(missing_ok=True)

    def unmount(self) -> None:
        """Fine when it is not mounted."""
        if os.path.ismount(self.folder):
            # Lazily: whoever still has a file open keeps it until he closes it.
            subprocess.run(("umount", "-l", str(self.folder)), check=False)
        self._image.unlink(missing_ok=True)


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise NotPermitted(f"{command[0]}: {error}") from None
    if done.returncode != 0:
        raise NotPermitted(f"{command[0]}: {done.stderr.strip()}")


@contextmanager
def mounted(images: Path, folders: dict[str, Path]) -> Iterator[tuple[dict[str, Disk], str]]:
    """A disk at each folder, by name, until the end; none and the reason where that may not be."""
    disks = {name: Disk(images / f"{name}.ext4", folder) for name, folder in folders.items()}
    for disk in disks.values():
        disk.unmount()
    try:
        try:
            for disk in disks.values():
                disk.mount()
            found, why = disks, ""
        except NotPermitted as refused:
            for disk in disks.values():
                disk.unmount()
            found, why = {}, str(refused)
        yield found, why
    finally:
        for disk in disks.values():
            disk.unmount()
