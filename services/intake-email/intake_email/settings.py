"""What the service is told; each setting has a default that works on one machine."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from intake_email import limits, recipients
from kit.settings import KafkaSettings, ObjectStoreSettings, SecretSettings, ServiceSettings


class Settings(ServiceSettings, KafkaSettings, ObjectStoreSettings, SecretSettings):
    """Settings of the e-mail intake."""

    smtp_listen: str = Field(default="127.0.0.1:2626", description="host:port on which mail is taken in.")
    smtp_name: str = Field(
        default="helpdesk.localhost",
        description="The name with which the server greets; no name of the machine is told.",
    )
    municipalities: str = Field(
        default="podatelna@lipovany.test=lipovany",
        description="Our addresses and whose they are: address=municipality, separated by commas. address+anything counts too.",
    )
    mail_size_limit: int = Field(default=25 * 1024 * 1024, ge=1024, description="Largest mail, in bytes.")
    smtp_tls_certificate: Path | None = Field(
        default=None, description="PEM file with the certificate chain; offers STARTTLS."
    )
    smtp_tls_key: Path | None = Field(
        default=None, description="PEM file with the key, if the certificate's file does not hold it too."
    )
    smtp_trusted_networks: str = Field(
        default="127.0.0.0/8,::1/128",
        description="Peers without limits of their own: the town's relays. In the trial this machine.",
    )
    smtp_connections: int = Field(default=200, ge=1, description="Open connections in total.")
    smtp_connections_per_peer: int = Field(
        default=20, ge=1, description="Open connections of one peer (IPv6: of one /64)."
    )
    smtp_messages_per_minute: int = Field(
        default=60, ge=1, description="Mails a minute from one peer (IPv6: from one /64)."
    )
    smtp_idle_seconds: float = Field(default=300, gt=0, description="Silence after which a connection is closed.")
    smtp_data_seconds: float = Field(default=900, gt=0, description="Longest time for the content of one mail.")
    mail_answer_seconds: float = Field(
        default=20,
        gt=0,
        description="Within so many seconds a mail is registered, or its sender is asked to come again.",
    )
    mails_in_work: int = Field(
        default=64, ge=1, description="Mails at work at once; beyond, senders are asked to come again."
    )
    intake_threads: int = Field(default=16, ge=1, description="Threads that parse and talk to the object store.")

    imap_mailboxes: Path | None = Field(
        default=None, description="YAML file with the mailboxes that `fetch` takes mail from; see operations.md."
    )
    mailbox_secrets: dict[str, dict[str, SecretStr]] = Field(
        default={},
        description="Secrets by the mailbox's name, as JSON: password; for XOAUTH2 client_secret and refresh_token.",
    )

    @field_validator("municipalities")
    @classmethod
    def _is_address_book(cls, value: str) -> str:
        recipients.AddressBook.read(value)
        return value

    @field_validator("smtp_trusted_networks")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        try:
            limits.read_networks(value)
        except ValueError:
            raise ValueError("not a list of networks such as 127.0.0.0/8") from None
        return value
