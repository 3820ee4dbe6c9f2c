"""Where the local system keeps things."""

from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Places:
    """All that one local system writes lies under `root` (`.local/` of the project, or a test's own directory)."""

    root: Path

    @property
    def data(self) -> Path:
        """The servers' data, a folder each."""
        return self.root / "data"

    @property
    def log(self) -> Path:
        """`<name>.log` of each process."""
        return self.root / "log"

    @property
    def run(self) -> Path:
        """`<name>.json`: who runs, see processes.py."""
        return self.root / "run"

    @property
    def mail(self) -> Path:
        """What the mail catcher caught."""
        return self.root / "mail"

    @property
    def secrets(self) -> Path:
        """Generated keys of the services; readable by the owner only."""
        return self.root / "secrets.json"

    @property
    def s3_keys(self) -> Path:
        """Generated keys of the S3 store; readable by the owner only."""
        return self.root / "s3-keys.json"

    @property
    def environment(self) -> Path:
        """What the services are told, for an operator's shell; readable by the owner only."""
        return self.root / "environment"

    @property
    def staff_token(self) -> Path:
        """A staff member's token for the API; readable by the owner only."""
        return self.root / "staff-token"


HOME = Places(PROJECT / ".local")
# Shared by all local systems of this checkout, and kept by `reset`: it holds only what can be downloaded again.
CACHE = HOME.root / "cache"
