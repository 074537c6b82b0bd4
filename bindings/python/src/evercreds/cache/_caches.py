"""A cache of clients or of resources."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Hashable
from typing import Any, ClassVar, Literal

from evercreds import _abi_generated as abi
from evercreds._fork import forget_in_child
from evercreds._options import given_as
from evercreds.cache._errors import CacheError, ClientCacheError, ResourceCacheError
from evercreds.cache._order import Order

__all__ = ["ClientCache", "EvictionPolicy", "ResourceCache"]

EvictionPolicy = Literal["LRU", "LFU"]

_DEFAULT_SIZE = 10
_LARGEST_SIZE = (1 << 30) - 1


class _Making:
    """A value that one thread is making, and others wait for."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.is_made = False
        self.value: Any = None


class _Cache:
    """Values by key, at most ``max_size`` of them. Safe for use by many threads."""

    _error: ClassVar[type[CacheError]] = CacheError

    def __init__(
        self, policy: EvictionPolicy | None = None, *, max_size: int = _DEFAULT_SIZE
    ) -> None:
        name = self.check_policy(policy)
        self.check_size(max_size)
        self._order = Order(abi.CachePolicy[name], max_size)
        self._begin()
        forget_in_child(self)

    @classmethod
    def check_policy(cls, policy: object) -> EvictionPolicy:
        """Check the name of an eviction policy; ``None`` means ``"LRU"``."""
        if policy is None or policy == "LRU":
            return "LRU"
        if policy == "LFU":
            return "LFU"
        raise cls._error(
            f'Invalid eviction policy: eviction_policy must be "LRU" or "LFU", got '
            f"{policy if isinstance(policy, str) else given_as(policy)!r}",
            param="eviction_policy",
        )

    @classmethod
    def check_size(cls, max_size: Any) -> None:
        """Check a bound: any whole number; a negative one counts as its absolute value."""
        whole = isinstance(max_size, int) and not isinstance(max_size, bool)
        if not whole or not -_LARGEST_SIZE <= max_size <= _LARGEST_SIZE:
            raise cls._error(
                f"max_size must be a whole number below 2**30, got {given_as(max_size)}",
                param="max_size",
            )

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._numbers: dict[Hashable, int] = {}
        self._entries: dict[int, tuple[Hashable, Any]] = {}
        self._making: dict[Hashable, _Making] = {}
        self._count = itertools.count()

    def after_fork(self) -> None:
        """Begin anew, empty, in a child: connections of clients are shared with the parent."""
        self._order.forget()
        self._begin()

    @property
    def max_size(self) -> int:
        """How many values are kept at most. Setting it evicts what is too much."""
        return self._order.max_size

    @max_size.setter
    def max_size(self, max_size: int) -> None:
        self.check_size(max_size)
        with self._lock:
            self._drop(self._order.resize(max_size))

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._numbers

    def values(self) -> tuple[Any, ...]:
        """List the values, the first to be evicted first."""
        with self._lock:
            return tuple(self._entries[number][1] for number in self._order.numbers())

    def clear(self) -> None:
        """Take all values out."""
        with self._lock:
            self._order.clear()
            self._numbers.clear()
            self._entries.clear()

    def get_or_make(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Give the value of a key. Where there is none, one thread makes it and others wait."""
        while True:
            with self._lock:
                number = self._numbers.get(key)
                if number is not None:
                    self._order.use(number)
                    return self._entries[number][1]
                making = self._making.get(key)
                if making is None:
                    making = self._making[key] = _Making()
                    break
            making.done.wait()
            if making.is_made:
                return making.value
        return self._make(key, make, making)

    def _make(self, key: Hashable, make: Callable[[], Any], making: _Making) -> Any:
        try:
            making.value = make()
            making.is_made = True
            with self._lock:
                self._insert(key, making.value)
        finally:
            self._making.pop(key, None)
            making.done.set()
        return making.value

    def _insert(self, key: Hashable, value: Any) -> None:
        number = next(self._count)
        self._numbers[key] = number
        self._entries[number] = key, value
        self._drop(self._order.add(number))

    def _drop(self, numbers: list[int]) -> None:
        for number in numbers:
            key, _ = self._entries.pop(number)
            del self._numbers[key]


class ClientCache(_Cache):
    """A cache of clients.

    Args:
        policy: ``"LRU"`` (default): the least recently used goes first; ``"LFU"``: the least
            frequently used, and of equals the least recently used.
        max_size: How many are kept at most. Default: 10; 0 keeps none; a negative number counts
            as its absolute value.

    Raises:
        ClientCacheError: An argument is not as above.
    """

    _error = ClientCacheError


class ResourceCache(_Cache):
    """A cache of resources; see :class:`ClientCache`. Raises ResourceCacheError."""

    _error = ResourceCacheError
