"""What is wrong with a pack, told so that its author can mend it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """One fault: where (file relative to the packs' folder, line from 1), why it is one, and what to do about it."""

    file: str
    line: int
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason} — {self.remedy}"


class PackError(ValueError):
    """A pack that cannot be used; `findings` says all that was found."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = tuple(findings)
