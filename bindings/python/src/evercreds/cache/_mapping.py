"""The caches as mappings."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, ClassVar, NoReturn

from boto3.resources.base import ServiceResource
from botocore.client import BaseClient

from evercreds._fork.children import notice
from evercreds._library.options import given_as
from evercreds.cache._entries import Entries, Entry
from evercreds.cache._errors import CacheError
from evercreds.cache._keys import CacheKey

__all__ = ["CacheMapping"]


class CacheMapping:
    """A mapping from keys to clients or resources. What would overwrite values is not there.

    Whatever lists (``keys``, ``values``, ``items``, iteration, the text) does so in the order of
    eviction, the next to go first. A use is what gives a value by its key: ``cache[key]`` and
    ``get``. Under a key that is not shared each thread has its own value, and sees no other's.
    """

    _noun: ClassVar[str]
    _error: ClassVar[type[CacheError]]
    _exists_error: ClassVar[type[CacheError]]
    _not_found_error: ClassVar[type[CacheError]]

    _entries: Entries

    @property
    def _lock(self) -> threading.RLock:
        """The lock of this process: another thread may have held the parent's at a fork."""
        notice()
        return self._entries.lock

    def __getitem__(self, key: CacheKey) -> Any:
        entry = self._used(key)
        if entry is None:
            raise self._not_found(key)
        return entry.value

    def get(self, key: CacheKey, default: Any = None) -> Any:
        """Give the value of a key, or the default where there is none."""
        entry = self._used(key)
        return default if entry is None else entry.value

    def __setitem__(self, key: CacheKey, value: Any) -> None:
        self._check_key(key)
        if not isinstance(value, (BaseClient, ServiceResource)):
            raise self._error(
                f"Cache value must be a boto3 client or resource, got {type(value).__name__}",
                param="value",
            )
        place = self._entries.place(key)
        with self._lock:
            if self._entries.find(place) is not None:
                raise self._exists_error(
                    f"{self._noun.capitalize()} already exists in cache under {key!r}", param="key"
                )
            gone = self._entries.add(key, place, value)
        del gone

    def __delitem__(self, key: CacheKey) -> None:
        self.pop(key)

    def pop(self, key: CacheKey) -> Any:
        """Take a value out and give it.

        Raises:
            ClientCacheNotFoundError, ResourceCacheNotFoundError: There is none.
        """
        place = self._entries.place(key) if isinstance(key, CacheKey) else None
        with self._lock:
            entry = None if place is None else self._entries.find(place)
            if entry is not None:
                self._entries.remove(entry)
        if entry is None:
            raise self._not_found(key)
        return entry.value

    def popitem(self) -> tuple[CacheKey, Any]:
        """Take out what would be evicted next, and give its key and value.

        Raises:
            ClientCacheNotFoundError, ResourceCacheNotFoundError: The cache is empty.
        """
        with self._lock:
            first = next(iter(self._entries.visible()), None)
            if first is not None:
                self._entries.remove(first)
        if first is None:
            raise self._not_found_error(f"No {self._noun}s found in cache: it is empty")
        return first.key, first.value

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a cache of {self._noun}s cannot be pickled or copied deeply")

    def __contains__(self, key: object) -> bool:
        notice()
        entries = self._entries
        return isinstance(key, CacheKey) and entries.find(entries.place(key)) is not None

    def __len__(self) -> int:
        return len(self._visible())

    def __iter__(self) -> Iterator[CacheKey]:
        return iter(self.keys())

    def __reversed__(self) -> Iterator[CacheKey]:
        return reversed(self.keys())

    def keys(self) -> tuple[CacheKey, ...]:
        """List the keys."""
        return tuple(entry.key for entry in self._visible())

    def values(self) -> tuple[Any, ...]:
        """List the values; that is no use of them."""
        return tuple(entry.value for entry in self._visible())

    def items(self) -> tuple[tuple[CacheKey, Any], ...]:
        """List the keys and their values."""
        return tuple((entry.key, entry.value) for entry in self._visible())

    def __repr__(self) -> str:
        title = f"{self._noun.capitalize()}Cache"
        lines = [f"   - RefreshableSession.{key.cache_type}({key.label})" for key in self]
        return "\n".join([f"{title}:", *lines]) if lines else f"{title}(empty)"

    def _used(self, key: object) -> Entry | None:
        return self._entries.use(key) if isinstance(key, CacheKey) else None

    def _visible(self) -> list[Entry]:
        with self._lock:
            return self._entries.visible()

    def _check_key(self, key: object) -> None:
        if not isinstance(key, CacheKey):
            raise self._error(
                f"Cache key must be a cache key object, a ClientCacheKey or ResourceCacheKey, got "
                f"{type(key).__name__}",
                param="key",
            )

    def _not_found(self, key: object) -> CacheError:
        given = repr(key) if isinstance(key, CacheKey) else given_as(key)
        return self._not_found_error(
            f"{self._noun.capitalize()} not found in cache: there is none under {given}",
            param="key",
        )
