"""Caches of clients and of resources."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from evercreds._fork.children import forget_in_child
from evercreds._library.options import given_as
from evercreds.cache._entries import Entries, EvictionPolicy, Place
from evercreds.cache._errors import CacheError
from evercreds.cache._frozen import freeze
from evercreds.cache._keys import CacheKey
from evercreds.cache._making import Making, is_making, made_by
from evercreds.cache._mapping import CacheMapping
from evercreds.cache._threads import this_thread

__all__ = ["DEFAULT_SIZE", "Cache", "EvictionPolicy", "policy_named"]

DEFAULT_SIZE = 10
_LARGEST_SIZE = (1 << 30) - 1
_MOST_REMEMBERED = 1024

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
    _key: ClassVar[type[CacheKey]]

    @classmethod
    def _new(
        cls: type[_C],
        max_size: int | None,
        meaning: Callable[[CacheKey], CacheKey] | None = None,
    ) -> _C:
        made = object.__new__(cls)
        size = DEFAULT_SIZE if max_size is None else cls._check_size(max_size)
        made._entries = Entries(cls._policy, size, meaning)
        forget_in_child(made._entries)
        return made

    @classmethod
    def _check_size(cls, max_size: Any) -> int:
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
        size = self._check_size(max_size)
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
        """Make another cache with the same values, bound, order and counts of uses."""
        made = self._new(self.max_size, self._entries.meaning)
        with self._lock:
            self._entries.copy_to(made._entries)
        return made

    __copy__ = copy

    def _request(
        self,
        make: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        max_size: int | None,
        shared: bool | None = None,
    ) -> Any:
        """Give the value of the key with these arguments, made by ``make`` of them if need be.

        To make the key takes longer than all else where the value is there. So it is remembered
        by the arguments as they were written, if these are nothing but strings, and a Config by
        its options, without a secret: others may change, or be equal and mean something else.

        Args:
            make: Makes the value, of args and kwargs.
            args: The positional arguments of the key.
            kwargs: Its named ones.
            max_size: As for :meth:`get_or_make`.
            shared: Whether all threads share the resource. Default: it is a client.
        """
        config = kwargs.get("config")
        said = kwargs if config is None else {**kwargs, "config": freeze(config)}
        words = this_thread().number if shared is False else 0, args, *said.items()
        entries = self._entries
        remembered = entries.remembered  # of before it is found
        if max_size is None:
            try:
                entry = entries.recall(words)
            except TypeError:  # something in it cannot be hashed
                entry = None
            if entry is not None:
                return entry.value
        key = self._key(*args, **kwargs, **({"shared": True} if shared else {}))
        entry = entries.use(key) if max_size is None else None
        if entry is None:
            return self.get_or_make(key, lambda: make(*args, **kwargs), max_size=max_size)
        plain = (value for name, value in said.items() if name != "config")
        if key.is_plain and all(value is None or type(value) is str for value in (*args, *plain)):
            if len(remembered) >= _MOST_REMEMBERED:
                remembered.clear()
            remembered[words] = entry
        return entry.value

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
        self._check_key(key)
        # No lock: where the value is there, nobody waits for anybody.
        entry = self._entries.use(key)
        if max_size is not None and self._check_size(max_size) != self.max_size:
            self.max_size = max_size
        return self._made(key, make) if entry is None else entry.value

    def _made(self, key: CacheKey, make: Callable[[], Any]) -> Any:
        place = self._entries.place(key)
        mine = Making()
        try:
            while True:
                with self._lock:
                    entry = self._entries.use(key)
                    if entry is not None:
                        return entry.value
                    other = self._entries.making.setdefault(place, mine)
                    if other.has_ended:
                        other = self._entries.making[place] = mine
                if other is mine or is_making():
                    break
                other.wait()
                if other.is_made:
                    self._entries.use(key)
                    return other.value
            value = self._kept(key, place, made_by(make))
            mine.is_made, mine.value = True, value
            return value
        finally:
            try:
                mine.end()
            finally:
                mine.end()  # they wait for ever: an interrupt may have cut the first short
            with self._lock:
                if self._entries.making.get(place) is mine:
                    del self._entries.making[place]

    def _kept(self, key: CacheKey, place: Place, value: Any) -> Any:
        """Keep what was made, unless there is one by now."""
        with self._lock:
            entry = self._entries.use(key)
            if entry is not None:
                return entry.value
            gone = self._entries.add(key, place, value)
        del gone
        return value
