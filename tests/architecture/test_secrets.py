"""No secret stands in the tree: what detect-secrets finds is known, named here, and harmless."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from detect_secrets.core.scan import scan_file
from detect_secrets.settings import transient_settings

PROJECT = Path(__file__).resolve().parents[2]
# Long random-looking words are everywhere in digests and ids; these kinds find what opens something.
KINDS = [
    {"name": name}
    for name in (
        "ArtifactoryDetector", "AWSKeyDetector", "AzureStorageKeyDetector", "BasicAuthDetector", "GitHubTokenDetector",
        "GitLabTokenDetector", "JwtTokenDetector", "KeywordDetector", "MailchimpDetector", "NpmDetector",
        "PrivateKeyDetector", "PypiTokenDetector", "SendGridDetector", "SlackDetector", "StripeDetector", "TwilioKeyDetector",
    )
]  # fmt: skip
# Generated, and digests throughout; no person writes there.
_LEFT_OUT = ("requirements/", "contracts/schemas/", "contracts/examples/", "contracts/asyncapi.json", "packs/")
_READ = (".py", ".yml", ".yaml", ".toml", ".json", ".xml", ".md", ".sh", "Makefile", "Dockerfile", ".ci/run", ".eml")
KNOWN = PROJECT / "tests/architecture/known-secrets.txt"
"""A file and a line's text for each finding that is no secret; what is not found any more must go."""


def findings(path: Path) -> Iterator[str]:
    """What looks like a secret: the file and the text of its line."""
    lines = path.read_text(errors="replace").splitlines()
    name = path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else path.name
    # Looked up on the network they would be sent away.
    with transient_settings({"plugins_used": KINDS, "filters_used": []}):
        for number in sorted({found.line_number for found in scan_file(str(path))}):
            yield f"{name}: {lines[number - 1].strip()}"


def test_nothing_in_the_tree_looks_like_a_secret_but_what_is_known() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    names = [name for name in listed.split("\0") if name.endswith(_READ) and not name.startswith(_LEFT_OUT)]
    paths = [PROJECT / name for name in names if (PROJECT / name).is_file() and name != str(KNOWN.relative_to(PROJECT))]
    found = {finding for path in paths for finding in findings(path)}
    assert found == set(KNOWN.read_text().splitlines())


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN " + "RSA PRIVATE KEY-----",
        'password = "' + 'kR7vQ2mZ9xW4tB"',
        "aws = AKIA" + "IOSFODNN7ABCDEFG",
        "uri: mongodb://helpdesk:" + "kR7vQ2mZ9xW4@db.example.test/",
        "token: ghp_" + "a" * 36,
    ],
    ids=["key", "password", "aws", "uri", "github"],
)
def test_a_secret_is_found(tmp_path: Path, text: str) -> None:
    (tmp_path / "settings.py").write_text(f"{text}\n")
    assert list(findings(tmp_path / "settings.py")) == [f"settings.py: {text}"]
