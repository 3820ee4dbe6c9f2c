"""Makes the keys of an installation on its first start, into volumes: `python -m deploy.compose.make_secrets SERVICES STORE`.

SERVICES is the JSON file that SECRETS_FILE names; STORE holds the S3 server's own keys as a shell's `export` lines, apart,
because that server shall not see the others. What is there stays: another pseudonym key would part a person's reports.
"""

import json
import sys
from pathlib import Path

from deploy.local.secret_files import ensure_service_secrets, s3_keys, write_private


def main(services: Path, store: Path) -> int:
    """Makes what is missing; returns the exit code."""
    ensure_service_secrets(services)
    keys = s3_keys(services.with_name("store-keys.json"))
    known = json.loads(services.read_text()) | {"s3_access_key": keys.access_key, "s3_secret_key": keys.secret_key}
    write_private(services, json.dumps(known, indent=2) + "\n")
    # Hexadecimal, so nothing needs quotes.
    write_private(store, f"export ROOT_ACCESS_KEY={keys.access_key}\nexport ROOT_SECRET_KEY={keys.secret_key}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
