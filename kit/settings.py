"""Settings: from the environment, secrets also from a file, each with a description and a default that works locally.

A service's `settings.py` joins the parts it needs: `class Settings(ServiceSettings, KafkaSettings, …)`.
"""

import argparse
import base64
import binascii
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import BeforeValidator, Field, SecretBytes, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, JsonConfigSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict


def _from_base64(value: Any) -> Any:
    if isinstance(value, SecretBytes):
        return value
    try:
        key = base64.b64decode(value, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise ValueError("not base64") from None
    if len(key) < 16:
        raise ValueError("shorter than 16 bytes")
    return key


Base64Secret = Annotated[SecretBytes, BeforeValidator(_from_base64)]


class SettingsPart(BaseSettings):
    """Base of all parts: pydantic takes the configuration of the last base, so each part must have the same."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    @field_validator("*")
    @classmethod
    def _is_an_address_where_its_name_says_so(cls, value: Any, info: ValidationInfo) -> Any:
        # Here, because a fault that is found later is told without the setting's name.
        if info.field_name and info.field_name.endswith(("_listen", "_relay")):
            host_and_port(value)
        return value


class ServiceSettings(SettingsPart):
    """What every service has."""

    instance: str = Field(
        default="1",
        pattern=r"^[a-z0-9-]{1,32}$",
        description="Name of this process among those of its service; a restart under the same name takes its work up at once.",
    )
    health_listen: str = Field(
        default="127.0.0.1:0", description="host:port of /live, /ready and /metrics; port 0 takes a free one."
    )
    log_level: str = Field(
        default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least level that is logged."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the JSON file that SECRETS_FILE names."""
        secrets_file = os.environ.get("SECRETS_FILE")
        sources: tuple[PydanticBaseSettingsSource, ...] = (init_settings, env_settings)
        if secrets_file:
            return (*sources, JsonConfigSettingsSource(settings_cls, json_file=Path(secrets_file)))
        return sources


class KafkaSettings(SettingsPart):
    """Where the broker is."""

    kafka_bootstrap: str = Field(default="127.0.0.1:9092", description="host:port[,host:port…] of the Kafka brokers.")


class MongoSettings(SettingsPart):
    """Where the service's own database is."""

    mongodb_uri: SecretStr = Field(
        default=SecretStr("mongodb://127.0.0.1:27017/?replicaSet=rs0"),
        description="MongoDB connection string; must be a replica set, because changes are written in transactions.",
    )
    mongodb_prefix: str = Field(
        default="helpdesk",
        pattern=r"^[a-z0-9_]{1,32}$",
        description="First part of the database's name; the service's name is the second.",
    )


class ObjectStoreSettings(SettingsPart):
    """Where originals and packs lie."""

    s3_endpoint: str = Field(default="http://127.0.0.1:9000", description="URL of an S3 server.")
    s3_access_key: str = Field(default="helpdesk", description="S3 access key.")
    s3_secret_key: SecretStr = Field(default=SecretStr(""), description="S3 secret key.")
    s3_bucket: str = Field(default="helpdesk", description="Bucket for originals and packs.")


class ScannerSettings(SettingsPart):
    """Who is asked whether a file is harmful."""

    clamd: str = Field(
        default="",
        description="host:port, or path of the socket, of a ClamAV daemon that is asked before a file goes out; empty: nothing is scanned.",
    )
    clamd_seconds: float = Field(default=15, gt=0, description="How long it may take for one file.")

    @field_validator("clamd")
    @classmethod
    def _is_a_place(cls, value: str) -> str:
        if value and not value.startswith("/"):
            host_and_port(value)
        return value


class SecretSettings(SettingsPart):
    """Keys that several services share."""

    reply_token_keys: dict[str, Base64Secret] = Field(
        default={},
        description="Keys of reply addresses by key id, base64, as JSON: the last one signs, all verify (rotation).",
    )
    pseudonym_key: Base64Secret = Field(
        default=SecretBytes(b""),
        description="Key of the pseudonyms that stand for addresses, base64. Never changes: it ties a person's reports together.",
    )


Settings = TypeVar("Settings", bound=ServiceSettings)


def refuse(names: str, why: str) -> NoReturn:
    """Ends the process because of its settings, with one line that names them."""
    print(f"setting {names}: {why}", file=sys.stderr)  # noqa: T201 - before logging is set up
    raise SystemExit(2)


def load(settings: type[Settings]) -> Settings:
    """The settings from the environment. Ends the process with one line per fault where they are wrong."""
    try:
        return settings()
    except ValidationError as error:
        for fault in error.errors(include_input=False, include_url=False):
            name = "_".join(str(step) for step in fault["loc"][:1]).upper()
            # A fault of several settings together names them itself.
            named = f"setting {name}" if name else "settings"
            print(f"{named}: {fault['msg'].removeprefix('Value error, ')}", file=sys.stderr)  # noqa: T201 - as above
        raise SystemExit(2) from None


def described(settings: type[BaseSettings]) -> list[tuple[str, str, str]]:
    """Rows of name, default and description: what `--help` prints and docs/settings.md is made from."""
    rows = []
    for name, field in settings.model_fields.items():
        default = field.get_default(call_default_factory=True)
        if isinstance(default, SecretStr | SecretBytes):
            default = (
                default.get_secret_value().decode() if isinstance(default, SecretBytes) else default.get_secret_value()
            )
        rows.append((name.upper(), "" if default in (None, "", {}, b"") else str(default), field.description or ""))
    return rows


def argument_parser(program: str, purpose: str, settings: type[BaseSettings]) -> argparse.ArgumentParser:
    """A parser whose `--help` ends with the table of settings."""
    file = "  SECRETS_FILE=\n      A JSON file in which settings may stand too, with names in small letters."
    lines = [f"  {name}={default}\n      {description}" for name, default, description in described(settings)] + [file]
    return argparse.ArgumentParser(
        prog=f"python -m {program}",
        description=purpose,
        epilog="settings (environment):\n" + "\n".join(lines),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def host_and_port(listen: str) -> tuple[str, int]:
    """`127.0.0.1:8010` to its parts; raises ValueError."""
    host, separator, port = listen.rpartition(":")
    if not separator or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"not host:port: {listen}")
    return host.strip("[]"), int(port)


def arguments_or_help(parser: argparse.ArgumentParser, arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line; without a command it prints the help and ends with 2."""
    parsed = parser.parse_args(arguments)
    if getattr(parsed, "command", True) is None:
        parser.print_help()
        raise SystemExit(2)
    return parsed
