"""What the listener is told: name, sizes, times, the certificate."""

import ssl
from dataclasses import dataclass


@dataclass(frozen=True)
class ListenerOptions:
    """What the listener is told."""

    name: str
    size_limit: int
    idle_seconds: float
    data_seconds: float
    tls: ssl.SSLContext | None = None
    session_seconds: float = 1_800
    """After so long a connection ends; a mail that is coming in is still taken."""
    commands_without_mail: int = 100


def tls_context(certificate: str, key: str | None = None) -> ssl.SSLContext:
    """For STARTTLS, TLS 1.2 and newer; without a key the certificate's file holds it too. Raises OSError or ssl.SSLError for unreadable files."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context
