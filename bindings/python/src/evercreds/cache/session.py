"""Sessions that keep their clients, where boto3-client-cache has them."""

from evercreds.cache._default import client, resource, setup_default_session
from evercreds.cache._session import (
    Session,
    SessionCache,
    SessionClientCache,
    SessionResourceCache,
)

__all__ = [
    "Session",
    "SessionCache",
    "SessionClientCache",
    "SessionResourceCache",
    "client",
    "resource",
    "setup_default_session",
]
