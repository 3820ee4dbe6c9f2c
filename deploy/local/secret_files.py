"""Keys that a local system makes for itself on its first start. Files are readable by their owner only."""

import base64
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class S3Keys:
    """What a client of the S3 store shows."""

    access_key: str
    secret_key: str


def s3_keys(path: Path) -> S3Keys:
    """The keys in the file, made if there is none."""
    fresh = S3Keys(secrets.token_hex(10), secrets.token_hex(20))
    return S3Keys(**_kept(path, lambda: asdict(fresh)))


def ensure_service_secrets(path: Path) -> None:
    """The file that SECRETS_FILE names: reply token keys by id and the key of the pseudonyms, 32 bytes each in base64."""
    _kept(path, lambda: {"reply_token_keys": {"a1": _random_key()}, "pseudonym_key": _random_key()})


def write_private(path: Path, text: str) -> None:
    """Write the file whole, for its owner's eyes only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
    fresh.replace(path)


def _kept(path: Path, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    if not path.exists():
        write_private(path, json.dumps(make(), indent=2) + "\n")
    kept: dict[str, Any] = json.loads(path.read_text())
    return kept


def _random_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()
