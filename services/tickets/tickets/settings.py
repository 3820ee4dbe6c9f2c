"""Settings of tickets."""

from pydantic import Field

from kit.settings import (
    KafkaSettings,
    MongoSettings,
    ObjectStoreSettings,
    ScannerSettings,
    SecretSettings,
    ServiceSettings,
)


class Settings(ServiceSettings, KafkaSettings, MongoSettings, ObjectStoreSettings, ScannerSettings, SecretSettings):
    """What tickets is told from outside."""

    api_listen: str = Field(default="127.0.0.1:8010", description="host:port of the staff API.")
    api_connections: int = Field(
        default=500,
        ge=10,
        description="Open connections to the staff API; beyond, whoever waits longest without a whole request makes room.",
    )
    api_request_seconds: float = Field(
        default=30, gt=0, description="Longest time for a request to come in, and for a stalled reader of an answer."
    )
    municipalities: str = Field(
        default="podatelna@lipovany.test=lipovany",
        description="address=municipality[,address=municipality…]: the towns that this installation serves.",
    )
    reader_batch: int = Field(
        default=200, ge=1, le=1000, description="Most messages that are written in one transaction."
    )

    books_seconds: float = Field(
        default=60,
        gt=0,
        description="How often the books are compared and dead letters counted; five looks without it end an alarm.",
    )

    @property
    def towns(self) -> list[str]:
        """The municipalities, each once, in the given order."""
        named = (pair.rpartition("=")[2].strip() for pair in self.municipalities.split(","))
        return list(dict.fromkeys(name for name in named if name))
