"""The errors of :mod:`evercreds.cache`, in a module of the name that the predecessor's has."""

from evercreds.cache._errors import (
    CacheError,
    ClientCacheError,
    ClientCacheExistsError,
    ClientCacheNotFoundError,
    ResourceCacheError,
    ResourceCacheExistsError,
    ResourceCacheNotFoundError,
)

__all__ = [
    "CacheError",
    "ClientCacheError",
    "ClientCacheExistsError",
    "ClientCacheNotFoundError",
    "ResourceCacheError",
    "ResourceCacheExistsError",
    "ResourceCacheNotFoundError",
]
