"""Which mailboxes there are and how to get into them: a file that IMAP_MAILBOXES names. Secrets never stand in it. Pure."""

import ipaddress
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError, model_validator

from intake_email.recipients import AddressBook

Secrets = Mapping[str, SecretStr]
"""Of one mailbox: `password`; or `client_secret` and `refresh_token`, as its grant wants."""
Text = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Wrong(ValueError):
    """The file or the secrets cannot be used; the text says where and why."""


class Security(StrEnum):
    """How the way to the server is protected."""

    TLS = "tls"
    STARTTLS = "starttls"
    PLAIN = "plain"


class Login(StrEnum):
    """How one proves who one is."""

    PASSWORD = "password"
    XOAUTH2 = "xoauth2"


class Grant(StrEnum):
    """For what the token endpoint gives an access token (RFC 6749)."""

    REFRESH_TOKEN = "refresh_token"
    CLIENT_CREDENTIALS = "client_credentials"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class TokenSource(_Strict):
    """Where access tokens come from."""

    endpoint: Text
    client_id: Text
    grant: Grant = Grant.CLIENT_CREDENTIALS
    scope: Text | None = None

    @model_validator(mode="after")
    def _is_protected(self) -> Self:
        address = urlsplit(self.endpoint)
        if address.scheme != "https" and not (address.scheme == "http" and is_loopback(address.hostname or "")):
            raise ValueError("endpoint must be https; plain http only on this machine")
        return self


class Mailbox(_Strict):
    """One mailbox of a town."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    """A code: it stands in logs, metrics and health."""
    address: Text
    """The town's address that this mailbox is of; one of MUNICIPALITIES. It decides whose every mail in it is."""
    host: Text
    port: int = Field(default=0, ge=0, le=65535)
    security: Security = Security.TLS
    certificate_authority: Path | None = None
    """PEM file with the authorities to trust instead of the machine's own."""
    user: Text
    login: Login = Login.PASSWORD
    token: TokenSource | None = None
    folder: Text = "INBOX"
    done: Text = "Zpracované"
    refused: Text = "Odmítnuté"
    since: date | None = None
    """Mails that came before this day are left where they are."""
    poll_seconds: float = Field(default=30, ge=0.1, le=600)
    idle: bool = True

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.security is Security.PLAIN and not is_loopback(self.host):
            raise ValueError("security: plain is only for this machine (127.0.0.1, ::1, localhost)")
        if self.login is Login.XOAUTH2 and self.token is None:
            raise ValueError("login: xoauth2 needs token")
        if len({self.folder, self.done, self.refused}) < 3:
            raise ValueError("folder, done and refused must be three folders")
        return self

    @property
    def real_port(self) -> int:
        """The given port, else the one that belongs to the protection."""
        return self.port or (993 if self.security is Security.TLS else 143)


class _File(_Strict):
    mailboxes: list[Mailbox] = Field(min_length=1)


def read(path: Path, addresses: AddressBook, secrets: Mapping[str, Secrets]) -> list[Mailbox]:
    """The mailboxes of the file (YAML; JSON is YAML too). Raises Wrong."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Wrong(f"{path}: {error.strerror}") from None
    except (UnicodeDecodeError, yaml.YAMLError):
        # Without the library's words: they quote the line.
        raise Wrong(f"{path}: not YAML") from None
    try:
        mailboxes = _File.model_validate(content).mailboxes
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(step) for step in fault["loc"])
        raise Wrong(f"{path}: {place}: {fault['msg'].removeprefix('Value error, ')}") from None
    names = [mailbox.name for mailbox in mailboxes]
    for mailbox in mailboxes:
        if names.count(mailbox.name) > 1:
            raise Wrong(f"{path}: two mailboxes are called {mailbox.name}")
        if addresses.find(mailbox.address) is None:
            raise Wrong(f"{path}: {mailbox.name}: its address is none of MUNICIPALITIES")
        missing = [name for name in needed_secrets(mailbox) if name not in secrets.get(mailbox.name, {})]
        if missing:
            raise Wrong(f"{path}: {mailbox.name}: MAILBOX_SECRETS has no {', '.join(missing)} for it")
    return mailboxes


def needed_secrets(mailbox: Mailbox) -> tuple[str, ...]:
    """Names of the secrets without which nobody gets in. A public client (RFC 6749 2.1) with a refresh token has no secret of its own."""
    if mailbox.token is None or mailbox.login is Login.PASSWORD:
        return ("password",)
    return ("refresh_token",) if mailbox.token.grant is Grant.REFRESH_TOKEN else ("client_secret",)


def is_loopback(host: str) -> bool:
    """Whether the host is this machine by its name alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
