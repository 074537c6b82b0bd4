"""The errors of the caches."""

from __future__ import annotations

from evercreds.errors import EvercredsError

__all__ = [
    "CacheError",
    "ClientCacheError",
    "ClientCacheExistsError",
    "ClientCacheNotFoundError",
    "ResourceCacheError",
    "ResourceCacheExistsError",
    "ResourceCacheNotFoundError",
]


class CacheError(EvercredsError):
    """A cache was asked for something that it cannot do."""


class ClientCacheError(CacheError):
    """A cache of clients was."""


class ClientCacheExistsError(ClientCacheError):
    """A client was put under a key that has one."""


class ClientCacheNotFoundError(ClientCacheError, KeyError):
    """There is no client under a key."""


class ResourceCacheError(CacheError):
    """A cache of resources was."""


class ResourceCacheExistsError(ResourceCacheError):
    """A resource was put under a key that has one."""


class ResourceCacheNotFoundError(ResourceCacheError, KeyError):
    """There is no resource under a key."""
