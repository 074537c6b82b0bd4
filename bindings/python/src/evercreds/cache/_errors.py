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
    """Invalid operation on a cache."""


class ClientCacheError(CacheError):
    """Invalid operation on a client cache."""


class ClientCacheExistsError(ClientCacheError):
    """The key already has a client."""


class ClientCacheNotFoundError(ClientCacheError, KeyError):
    """The key has no client."""


class ResourceCacheError(CacheError):
    """Invalid operation on a resource cache."""


class ResourceCacheExistsError(ResourceCacheError):
    """The key already has a resource."""


class ResourceCacheNotFoundError(ResourceCacheError, KeyError):
    """The key has no resource."""
