"""A coverage-guided fuzzer on what the staff API takes in: `make fuzz`, or `python -m tests.fuzz_requests SECONDS` in this
service's folder. It goes on after a find: each kind of failure leaves one `found-…` in `.local/fuzz/requests`."""

import importlib
import sys
import traceback
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
WORK = HERE.parents[2] / ".local" / "fuzz" / "requests"


def main() -> None:
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["tickets.staff", "tickets.cases", "contracts"]):
        from .requests_read import check_any_request

    def one(content: bytes) -> None:
        try:
            check_any_request(content)
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            kept = WORK / f"found-{type(error).__name__}-{Path(place.filename).stem}-{place.lineno}"
            if not kept.exists() or kept.stat().st_size > len(content):
                kept.write_bytes(content)

    (WORK / "corpus").mkdir(parents=True, exist_ok=True)
    seconds = sys.argv[1] if len(sys.argv) > 1 else "60"
    bounds = [f"-max_total_time={seconds}", "-max_len=2000", "-timeout=10", "-rss_limit_mb=1500"]
    folders = [WORK / "corpus", HERE / "fuzzing"]
    atheris.Setup([sys.argv[0], *bounds, f"-artifact_prefix={WORK}/found-", *map(str, folders)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
