"""A coverage-guided fuzzer on the reading of mails: `make fuzz`, or `python -m tests.fuzz_mails SECONDS` in this service's folder.

It begins with the mails of `mails/` and with what earlier runs found worth keeping (`fuzzing/`). It goes on after a find: each kind
of failure leaves one `found-…` in `.local/fuzz/mails`, of which to make a mail with its expectation.
"""

import importlib
import sys
import traceback
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
WORK = HERE.parents[2] / ".local" / "fuzz" / "mails"
WORDS = (
    "content-type: multipart/", "mixed", "alternative", "related", "report", "signed", "boundary=", "\\x0d\\x0a--",
    "message/rfc822", "message/delivery-status", "text/html", "text/plain", "charset=", "format=flowed", "utf-7", "utf-16",
    "windows-1250", "content-transfer-encoding: ", "base64", "quoted-printable", "content-disposition: ", "attachment",
    "filename*0*=", "=?utf-8?Q?", "=?utf-8?B?", "?=", "\\x0d\\x0a\\x0d\\x0a", "application/ms-tnef", "application/pkcs7-mime",
    "<blockquote>", "style=display:none", "<!--", "Od: ", "napsal(a):", "-----", "> ", "&#x202e;", "Exif\\x00\\x00", "begin 644 ",
)  # fmt: skip


def main() -> None:
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["intake_email", "contracts.reply_token", "contracts.identity"]):
        from .reading import check_any_mail

    def one(raw: bytes) -> None:
        try:
            check_any_mail(raw)
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            kept = WORK / f"found-{type(error).__name__}-{Path(place.filename).stem}-{place.lineno}"
            if not kept.exists() or kept.stat().st_size > len(raw):
                kept.write_bytes(raw)

    (WORK / "corpus").mkdir(parents=True, exist_ok=True)
    (WORK / "words").write_text("".join(f'"{word}"\n' for word in WORDS))
    seconds = sys.argv[1] if len(sys.argv) > 1 else "60"
    bounds = [
        f"-max_total_time={seconds}",
        "-max_len=12000",
        "-timeout=10",
        "-rss_limit_mb=1500",
        f"-dict={WORK}/words",
    ]
    folders = [WORK / "corpus", HERE / "fuzzing", HERE / "mails"]
    atheris.Setup([sys.argv[0], *bounds, f"-artifact_prefix={WORK}/found-", *map(str, folders)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
