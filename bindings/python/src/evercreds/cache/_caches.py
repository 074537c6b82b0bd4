"""Caches of clients and of resources."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal, TypeVar

from evercreds._fork.children import forget_in_child
from evercreds._library import abi_generated as abi
from evercreds._library.options import given_as
from evercreds._waiting.locks import reentrant_lock
from evercreds.cache._entries import Entries, Place
from evercreds.cache._errors import CacheError
from evercreds.cache._keys import CacheKey
from evercreds.cache._making import Making, is_making, made_by
from evercreds.cache._mapping import CacheMapping

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


class Cache(CacheMapping):
    """What the caches of clients and of resources have in common. Safe for many threads."""

    _policy: ClassVar[EvictionPolicy]

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
        self._own_lock = reentrant_lock()
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
            value = self._kept(place, made_by(make))
            mine.is_made, mine.value = True, value
            return value
        finally:
            try:
                mine.end()
            finally:
                mine.end()  # they wait for ever: an interrupt may have cut the first short
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
