"""The errors of the caches."""

from __future__ import annotations

from evercreds.errors import EvercredsError

__all__ = ["CacheError", "ClientCacheError", "ResourceCacheError"]


class CacheError(EvercredsError):
    """A cache was asked for something that it cannot do."""


class ClientCacheError(CacheError):
    """A cache of clients was."""


class ResourceCacheError(CacheError):
    """A cache of resources was."""
