"""A copy of the packs that a test may damage."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import packs
from packs.findings import Finding

PACKS = Path(packs.__file__).parent


@dataclass(frozen=True)
class Workshop:
    """`lipovany` on `cz-town` in a folder of their own."""

    folder: Path

    @classmethod
    def open(cls, folder: Path) -> "Workshop":
        """Copies the packs of the tree."""
        for name in ("cz-town", "lipovany"):
            shutil.copytree(PACKS / name, folder / name)
        return cls(folder)

    @property
    def pack(self) -> Path:
        """The town's pack."""
        return self.folder / "lipovany"

    def replace(self, file: str, old: str, new: str) -> None:
        """Changes the first place where `old` stands."""
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{file} has changed, the test damages nothing"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def append(self, file: str, text: str) -> None:
        """Adds lines at the end."""
        path = self.folder / file
        path.parent.mkdir(exist_ok=True)
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        path.write_text(before + text, encoding="utf-8")

    def line(self, file: str, marker: str) -> int:
        """The line on which `marker` stands first, from 1."""
        lines = (self.folder / file).read_text(encoding="utf-8").splitlines()
        return next(number for number, line in enumerate(lines, 1) if marker in line)

    def check(self) -> list[Finding]:
        """The findings of the town's pack."""
        return packs.check(self.pack)
