"""Caches of clients and resources: each is built once, and shared."""

from evercreds.cache._caches import ClientCache, EvictionPolicy, ResourceCache
from evercreds.cache._errors import CacheError, ClientCacheError, ResourceCacheError
from evercreds.cache._session import (
    Session,
    SessionCache,
    SessionClientCache,
    SessionResourceCache,
)

__all__ = [
    "CacheError",
    "ClientCache",
    "ClientCacheError",
    "EvictionPolicy",
    "ResourceCache",
    "ResourceCacheError",
    "Session",
    "SessionCache",
    "SessionClientCache",
    "SessionResourceCache",
]
