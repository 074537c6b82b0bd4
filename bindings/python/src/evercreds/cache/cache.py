"""The caches and their keys, where boto3-client-cache has them."""

from evercreds.cache._caches import EvictionPolicy
from evercreds.cache._keys import CacheType, ClientCacheKey, ResourceCacheKey
from evercreds.cache._kinds import (
    ClientCache,
    LFUClientCache,
    LFUResourceCache,
    LRUClientCache,
    LRUResourceCache,
    ResourceCache,
)

__all__ = [
    "CacheType",
    "ClientCache",
    "ClientCacheKey",
    "EvictionPolicy",
    "LFUClientCache",
    "LFUResourceCache",
    "LRUClientCache",
    "LRUResourceCache",
    "ResourceCache",
    "ResourceCacheKey",
]
