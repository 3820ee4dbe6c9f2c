"""What was done and seen so far: a file that is written anew after each fault, so that a run that ends goes on with the next."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Seen:
    """One fault that was done. Seconds; `began` since 1970. `back_after` None: not within the time it had."""

    fault: str
    began: float
    lasted: float
    back_after: float | None
    restarts: dict[str, int] = field(default_factory=dict)
    skipped: str = ""


@dataclass
class Stretch:
    """One town, from its start to its count. `wrong` None: it ended before it was counted."""

    faults: list[str] = field(default_factory=list)
    accepted: int = 0
    repeats: int = 0
    before: list[float] | None = None
    after: list[float] | None = None
    wrong: dict[str, list[str]] | None = None


@dataclass
class Record:
    """The whole run. `order` is the order of the seed."""

    file: Path
    seed: int
    order: list[str]
    revision: str = ""
    seen: dict[str, Seen] = field(default_factory=dict)
    stretches: list[Stretch] = field(default_factory=list)

    def remaining(self) -> list[str]:
        """What is still to be done: what never was, then what was done in a stretch that ended before it was counted."""
        counted = {name for stretch in self.stretches if stretch.wrong is not None for name in stretch.faults}
        open_ = [name for name in self.order if name not in counted]
        return sorted(open_, key=lambda name: name in self.seen)

    def save(self) -> None:
        """Whole or not at all."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        document = {**asdict(self), "file": str(self.file)}
        fresh = self.file.with_suffix(".new")
        fresh.write_text(json.dumps(document, ensure_ascii=False, indent=1))
        fresh.replace(self.file)

    @classmethod
    def load(cls, file: Path) -> "Record | None":
        """None where there is none."""
        if not file.exists():
            return None
        told: dict[str, Any] = json.loads(file.read_text())
        return cls(
            **{
                **told,
                "file": file,
                "seen": {name: Seen(**seen) for name, seen in told["seen"].items()},
                "stretches": [Stretch(**stretch) for stretch in told["stretches"]],
            }
        )
