"""Caches of clients and of resources."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Literal, NoReturn, TypeVar

from boto3.resources.base import ServiceResource
from botocore.client import BaseClient

from evercreds import _abi_generated as abi
from evercreds._fork import forget_in_child
from evercreds._options import given_as
from evercreds.cache._entries import Entries, Entry, Place
from evercreds.cache._errors import CacheError
from evercreds.cache._keys import CacheKey
from evercreds.cache._making import Making, is_making, making
from evercreds.cache._threads import this_thread

__all__ = ["DEFAULT_SIZE", "Cache", "EvictionPolicy", "policy_named"]

EvictionPolicy = Literal["LRU", "LFU"]

DEFAULT_SIZE = 10
_LARGEST_SIZE = (1 << 30) - 1

_C = TypeVar("_C", bound="Cache")


def policy_named(policy: object, error: type[CacheError], complaint: str) -> EvictionPolicy:
    """Check the name of an eviction policy; ``None`` means ``"LRU"``."""
    if policy is None or (isinstance(policy, str) and policy == "LRU"):
        return "LRU"
    if isinstance(policy, str) and policy == "LFU":
        return "LFU"
    given = repr(policy) if isinstance(policy, str) else given_as(policy)
    raise error(
        f'{complaint}: eviction_policy must be "LRU" or "LFU", got {given}',
        param="eviction_policy",
    )


class Cache:
    """What the caches of clients and of resources have in common: a mapping of bounded size.

    Safe for use by many threads. Whatever lists (``keys``, ``values``, ``items``, iteration, the
    text) does so in the order of eviction, the next to go first. A use is what gives a value by
    its key: ``cache[key]``, ``get`` and ``get_or_make``. Under a key that is not shared each
    thread has its own value, and sees nobody else's.
    """

    _policy: ClassVar[EvictionPolicy]
    _noun: ClassVar[str]
    _error: ClassVar[type[CacheError]]
    _exists_error: ClassVar[type[CacheError]]
    _not_found_error: ClassVar[type[CacheError]]

    _lock: threading.RLock
    _entries: Entries
    _making: dict[Place, Making]

    @classmethod
    def _new(cls: type[_C], max_size: int | None) -> _C:
        made = object.__new__(cls)
        size = DEFAULT_SIZE if max_size is None else cls.check_size(max_size)
        made._entries = Entries(abi.CachePolicy[cls._policy], size)
        made._begin()
        forget_in_child(made)
        return made

    def _begin(self) -> None:
        # Collecting garbage may run anything, anywhere, also what asks this cache for something.
        self._lock = threading.RLock()
        self._making = {}

    def after_fork(self) -> None:
        """Begin anew, empty, in a child: connections of clients are shared with the parent."""
        self._entries.forget()
        self._begin()

    @classmethod
    def check_size(cls, max_size: Any) -> int:
        """Check a bound: any whole number; a negative one counts as its absolute value."""
        whole = isinstance(max_size, int) and not isinstance(max_size, bool)
        if not whole or not -_LARGEST_SIZE <= max_size <= _LARGEST_SIZE:
            raise cls._error(
                f"max_size must be a whole number below 2**30, got {given_as(max_size)}",
                param="max_size",
            )
        size: int = abs(max_size)
        return size

    @property
    def max_size(self) -> int:
        """How many values are kept at most. Setting it evicts what is too much."""
        return self._entries.max_size

    @max_size.setter
    def max_size(self, max_size: int) -> None:
        size = self.check_size(max_size)
        # What goes is kept until the lock is free again: its end may run anything. So too below.
        with self._lock:
            gone = self._entries.resize(size)
        del gone

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
        place = self._checked_place(key)
        if not isinstance(value, (BaseClient, ServiceResource)):
            raise self._error(
                f"Cache value must be a boto3 client or resource, got {type(value).__name__}",
                param="value",
            )
        with self._lock:
            if self._entries.find(place) is not None:
                raise self._exists_error(
                    f"{self._noun.capitalize()} already exists in cache under {key!r}", param="key"
                )
            gone = self._entries.add(place, value)
        del gone

    def __delitem__(self, key: CacheKey) -> None:
        self.pop(key)

    def pop(self, key: CacheKey) -> Any:
        """Take a value out and give it.

        Raises:
            ClientCacheNotFoundError, ResourceCacheNotFoundError: There is none.
        """
        with self._lock:
            place = self._place(key)
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

    def clear(self) -> None:
        """Take all values out, those of other threads too."""
        with self._lock:
            gone = self._entries.clear()
        del gone

    def copy(self: _C) -> _C:
        """Make another cache with the same values, bound, order and counts of uses.

        Of an LFU cache that takes a call of the library for each use that is counted.
        """
        made = self._new(self.max_size)
        with self._lock:
            snapshot = self._entries.snapshot()
        made._entries.repeat(snapshot)
        return made

    __copy__ = copy

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a cache of {self._noun}s cannot be pickled or copied deeply")

    def __contains__(self, key: object) -> bool:
        with self._lock:
            place = self._place(key)
            return place is not None and self._entries.find(place) is not None

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

    def get_or_make(
        self, key: CacheKey, make: Callable[[], Any], *, max_size: int | None = None
    ) -> Any:
        """Give the value of a key. Where there is none, one thread makes it and others wait.

        Args:
            key: The key.
            make: Makes the value. If it fails its caller gets the error; of those who wait one
                tries next. Values of other keys are made meanwhile; a thread that is making
                something already waits for nobody, and makes this itself.
            max_size: The bound from now on. Default: as it is.
        """
        place = self._checked_place(key)
        gone = None
        with self._lock:
            entry = self._entries.use(place)
            if max_size is not None and self.check_size(max_size) != self.max_size:
                gone = self._entries.resize(max_size)
        del gone
        return self._made(place, make) if entry is None else entry.value

    def _made(self, place: Place, make: Callable[[], Any]) -> Any:
        mine = Making()
        try:
            while True:
                with self._lock:
                    entry = self._entries.use(place)
                    if entry is not None:
                        return entry.value
                    other = self._making.setdefault(place, mine)
                    if other.has_ended:
                        other = self._making[place] = mine
                if other is mine or is_making():
                    break
                other.wait()
                if other.is_made:
                    with self._lock:
                        self._entries.use(place)
                    return other.value
            with making():
                value = make()
            value = self._kept(place, value)
            mine.is_made, mine.value = True, value
            return value
        finally:
            mine.end()
            with self._lock:
                if self._making.get(place) is mine:
                    del self._making[place]

    def _kept(self, place: Place, value: Any) -> Any:
        """Keep what was made, unless there is one by now."""
        with self._lock:
            entry = self._entries.use(place)
            if entry is not None:
                return entry.value
            gone = self._entries.add(place, value)
        del gone
        return value

    def _used(self, key: object) -> Entry | None:
        with self._lock:
            place = self._place(key)
            return None if place is None else self._entries.use(place)

    def _visible(self) -> list[Entry]:
        with self._lock:
            return self._entries.visible()

    @staticmethod
    def _place(key: object) -> Place | None:
        if not isinstance(key, CacheKey):
            return None
        return (0 if key.shared else this_thread().number), key

    def _checked_place(self, key: object) -> Place:
        place = self._place(key)
        if place is None:
            raise self._error(
                f"Cache key must be a cache key object, a ClientCacheKey or ResourceCacheKey, got "
                f"{type(key).__name__}",
                param="key",
            )
        return place

    def _not_found(self, key: object) -> CacheError:
        given = repr(key) if isinstance(key, CacheKey) else given_as(key)
        return self._not_found_error(
            f"{self._noun.capitalize()} not found in cache: there is none under {given}",
            param="key",
        )
