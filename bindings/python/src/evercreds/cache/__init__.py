"""Caches of clients and resources: each is built once, and kept.

The names are those of boto3-client-cache.
"""

from evercreds.cache import cache as cache
from evercreds.cache import exceptions as exceptions
from evercreds.cache import session as session
from evercreds.cache._caches import EvictionPolicy
from evercreds.cache._default import client, resource, setup_default_session
from evercreds.cache._errors import (
    CacheError,
    ClientCacheError,
    ClientCacheExistsError,
    ClientCacheNotFoundError,
    ResourceCacheError,
    ResourceCacheExistsError,
    ResourceCacheNotFoundError,
)
from evercreds.cache._keys import CacheType, ClientCacheKey, ResourceCacheKey
from evercreds.cache._kinds import (
    ClientCache,
    LFUClientCache,
    LFUResourceCache,
    LRUClientCache,
    LRUResourceCache,
    ResourceCache,
)
from evercreds.cache._session import (
    Session,
    SessionCache,
    SessionClientCache,
    SessionResourceCache,
)

__all__ = [
    "CacheError",
    "CacheType",
    "ClientCache",
    "ClientCacheError",
    "ClientCacheExistsError",
    "ClientCacheKey",
    "ClientCacheNotFoundError",
    "EvictionPolicy",
    "LFUClientCache",
    "LFUResourceCache",
    "LRUClientCache",
    "LRUResourceCache",
    "ResourceCache",
    "ResourceCacheError",
    "ResourceCacheExistsError",
    "ResourceCacheKey",
    "ResourceCacheNotFoundError",
    "Session",
    "SessionCache",
    "SessionClientCache",
    "SessionResourceCache",
    "client",
    "resource",
    "setup_default_session",
]
