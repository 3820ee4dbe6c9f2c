"""Settings of the router."""

from kit.settings import KafkaSettings, ObjectStoreSettings, ServiceSettings


class Settings(ServiceSettings, KafkaSettings, ObjectStoreSettings):
    """What the router is told from outside."""
