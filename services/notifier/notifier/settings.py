"""What can be set from outside, with defaults that work on one machine."""

from pydantic import Field, SecretStr, field_validator, model_validator

from kit.settings import (
    KafkaSettings,
    MongoSettings,
    ObjectStoreSettings,
    ScannerSettings,
    SecretSettings,
    ServiceSettings,
    host_and_port,
)
from notifier.addresses import usable
from notifier.sending.relay import Security


class Settings(ServiceSettings, KafkaSettings, MongoSettings, ObjectStoreSettings, ScannerSettings, SecretSettings):
    """The notifier's settings."""

    smtp_relay: str = Field(default="127.0.0.1:2525", description="host:port of the town's outgoing mail relay.")
    smtp_security: Security = Field(
        default=Security.NONE,
        description="none, starttls or implicit (TLS from the beginning); the relay's certificate is checked.",
    )
    smtp_username: str = Field(default="", description="User name at the relay; empty where none is asked for.")
    smtp_password: SecretStr = Field(default=SecretStr(""), description="Password at the relay.")
    smtp_hello: str = Field(default="localhost", description="Our name in EHLO; many relays want a real host name.")
    smtp_connect_seconds: float = Field(default=10, gt=0, description="How long the relay may take to greet.")
    smtp_answer_seconds: float = Field(
        default=60,
        gt=0,
        description="How long the relay may take to answer a command; it may be asking the recipient's server.",
    )
    smtp_take_seconds: float = Field(
        default=300,
        gt=0,
        description="How long the relay may take to accept a whole mail; giving up early means sending it twice.",
    )
    sending_at_once: int = Field(default=16, ge=1, le=200, description="Mails under way at the same time.")
    sending_at_once_per_domain: int = Field(
        default=12,
        ge=1,
        le=200,
        description="Of these, mails to one recipient's domain: most of a town reads its mail at one or two providers, and the quarter "
        "that is left keeps the others going when such a one is slow.",
    )
    automatic_mails_in_three_hours: int = Field(
        default=10,
        ge=1,
        description="Acknowledgements to one mailbox in three hours; one more fails, which ends a loop of machines.",
    )
    automatic_mails_in_a_day: int = Field(default=40, ge=1, description="The same in 24 hours.")

    operator_email: str = Field(
        default="",
        description="address[,address…] of who runs the system: gets a mail when something is missing or put aside. Empty: nobody.",
    )

    @property
    def operators(self) -> list[str]:
        """The operators' addresses."""
        return [address.strip() for address in self.operator_email.split(",") if address.strip()]

    @field_validator("operator_email")
    @classmethod
    def _can_be_written_to(cls, value: str) -> str:
        if not all(usable(address.strip()) for address in value.split(",") if address.strip()):
            raise ValueError("not addresses that can be written to, separated by commas")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> "Settings":
        host, _ = host_and_port(self.smtp_relay)
        if self.smtp_username and self.smtp_security == Security.NONE and host not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("a password would travel unprotected: set SMTP_SECURITY")
        return self
