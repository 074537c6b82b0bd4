"""The caches by what is in them and by their policy."""

from __future__ import annotations

from evercreds.cache._caches import Cache, EvictionPolicy, policy_named
from evercreds.cache._errors import (
    ClientCacheError,
    ClientCacheExistsError,
    ClientCacheNotFoundError,
    ResourceCacheError,
    ResourceCacheExistsError,
    ResourceCacheNotFoundError,
)
from evercreds.cache._keys import ClientCacheKey, ResourceCacheKey

__all__ = [
    "ClientCache",
    "LFUClientCache",
    "LFUResourceCache",
    "LRUClientCache",
    "LRUResourceCache",
    "ResourceCache",
]


class ClientCache(Cache):
    """A cache of clients. Called itself it makes an LRUClientCache or an LFUClientCache.

    Args:
        policy: ``"LRU"`` (default): the least recently used goes first; ``"LFU"``: the least
            frequently used, and of equals the least recently used.
        max_size: How many are kept at most. Default: 10; 0 keeps none; a negative number counts
            as its absolute value.
        eviction_policy: Another name for policy.

    Raises:
        ClientCacheError: An argument is not as above.
    """

    _noun = "client"
    _key = ClientCacheKey
    _error = ClientCacheError
    _exists_error = ClientCacheExistsError
    _not_found_error = ClientCacheNotFoundError

    def __new__(
        cls,
        policy: EvictionPolicy | None = None,
        max_size: int | None = None,
        *,
        eviction_policy: EvictionPolicy | None = None,
    ) -> ClientCache:
        given = eviction_policy if policy is None else policy
        name = policy_named(given, ClientCacheError, "Unsupported cache type")
        return (LFUClientCache if name == "LFU" else LRUClientCache)._new(max_size)


class LRUClientCache(ClientCache):
    """A cache of clients, of which the least recently used goes first; see ClientCache."""

    _policy = "LRU"

    def __new__(cls, max_size: int | None = None) -> LRUClientCache:
        return cls._new(max_size)


class LFUClientCache(ClientCache):
    """A cache of clients, of which the least frequently used goes first; see ClientCache."""

    _policy = "LFU"

    def __new__(cls, max_size: int | None = None) -> LFUClientCache:
        return cls._new(max_size)


class ResourceCache(Cache):
    """A cache of resources. Called itself it makes an LRUResourceCache or an LFUResourceCache.

    The arguments are those of :class:`ClientCache`, and so are the errors, but for their names.
    Resources are not safe for use by several threads: under a key that is not ``shared`` each
    thread has its own, which goes when the thread ends. The bound is one for all threads.
    """

    _noun = "resource"
    _key = ResourceCacheKey
    _error = ResourceCacheError
    _exists_error = ResourceCacheExistsError
    _not_found_error = ResourceCacheNotFoundError

    def __new__(
        cls,
        policy: EvictionPolicy | None = None,
        max_size: int | None = None,
        *,
        eviction_policy: EvictionPolicy | None = None,
    ) -> ResourceCache:
        given = eviction_policy if policy is None else policy
        name = policy_named(given, ResourceCacheError, "Unsupported cache type")
        return (LFUResourceCache if name == "LFU" else LRUResourceCache)._new(max_size)


class LRUResourceCache(ResourceCache):
    """A cache of resources, of which the least recently used goes first; see ResourceCache."""

    _policy = "LRU"

    def __new__(cls, max_size: int | None = None) -> LRUResourceCache:
        return cls._new(max_size)


class LFUResourceCache(ResourceCache):
    """A cache of resources, of which the least frequently used goes first; see ResourceCache."""

    _policy = "LFU"

    def __new__(cls, max_size: int | None = None) -> LFUResourceCache:
        return cls._new(max_size)
