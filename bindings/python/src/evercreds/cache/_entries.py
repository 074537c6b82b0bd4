"""What is in a cache."""

from __future__ import annotations

import itertools
import weakref
from collections import deque
from collections.abc import Iterator
from typing import Any

from evercreds._library import abi_generated as abi
from evercreds.cache._keys import CacheKey
from evercreds.cache._order import Order
from evercreds.cache._threads import Thread, this_thread

__all__ = ["Entries", "Entry", "Place"]

# The number of the thread whose own the value is, 0 for all threads; and the key.
Place = tuple[int, CacheKey]


class Entry:
    """A value and its place."""

    __slots__ = ("number", "place", "uses", "value", "watch")

    def __init__(self, number: int, place: Place, value: Any) -> None:
        self.number = number
        self.place = place
        self.value = value
        self.uses = 0
        self.watch: weakref.ref[Thread] | None = None

    @property
    def key(self) -> CacheKey:
        """The key that the value was put under."""
        return self.place[1]


class Entries:
    """Values by place, as many and in the order that the library says.

    Not safe for concurrent use: its owner brings the lock. A thread sees its own values and those
    of all threads; what others have for themselves counts for the bound alone.

    An interrupt (Ctrl-C) may come between any two steps, and the library may fail. An entry that
    is then known on one side only, here or in the library, is put right when it is met.
    """

    def __init__(self, policy: abi.CachePolicy, max_size: int) -> None:
        self._policy = policy
        self._order = Order(policy, max_size)
        self._begin()

    def _begin(self) -> None:
        self._by_place: dict[Place, Entry] = {}
        self._by_number: dict[int, Entry] = {}
        self._numbers = itertools.count()
        # The numbers of entries whose thread has ended.
        self._ended: deque[int] = deque()

    def forget(self) -> None:
        """Begin anew, empty, in a forked child. The bound stays."""
        self._order.forget()
        self._begin()

    @property
    def max_size(self) -> int:
        """How many values there may be."""
        return self._order.max_size

    def use(self, place: Place) -> Entry | None:
        """Find an entry, and count that as a use of it."""
        entry = self._by_place.get(place)
        if entry is None:
            return None
        if not self._order.use(entry.number):
            self._take_out(entry)
            return None
        entry.uses += 1
        return entry

    def find(self, place: Place) -> Entry | None:
        """Find an entry; that is no use of it."""
        return self._by_place.get(place)

    def add(self, place: Place, value: Any) -> list[Entry]:
        """Add what is not there yet, and give what had to go for it."""
        gone = self._drop_ended()
        return gone + self._put(place, value, this_thread() if place[0] else None)

    def remove(self, entry: Entry) -> None:
        """Take an entry out."""
        self._order.remove(entry.number)
        self._take_out(entry)

    def resize(self, max_size: int) -> list[Entry]:
        """Set the bound, and give what had to go."""
        gone = self._drop_ended()
        evicted = self._order.resize(max_size)
        return gone + [self._take_out(entry) for entry in self._known(evicted)]

    def clear(self) -> list[Entry]:
        """Take all entries out, also those of other threads, and give them."""
        gone = list(self._by_number.values())
        self._order.clear()
        self._begin()
        return gone

    def visible(self) -> list[Entry]:
        """List what the calling thread sees, the first to be evicted first."""
        own = (0, this_thread().number)
        return [entry for entry in self._in_order() if entry.place[0] in own]

    def snapshot(self) -> list[tuple[Entry, int]]:
        """List all entries and their uses, the first to be evicted first, for :meth:`repeat`."""
        return [(entry, entry.uses) for entry in self._in_order()]

    def repeat(self, snapshot: list[tuple[Entry, int]]) -> None:
        """Have happen here, where nothing has happened yet, what happened elsewhere."""
        entries = [entry for entry, _ in snapshot]
        threads = [entry.watch() if entry.watch else None for entry in entries]
        for entry, thread in zip(entries, threads, strict=True):
            if thread is not None or not entry.place[0]:
                self._put(entry.place, entry.value, thread)
        if self._policy == abi.CachePolicy.LRU:
            return
        # Only the library knows the order, and it only takes uses. Of those with equally many,
        # the one that was used last is told last.
        for entry, uses in snapshot:
            for _ in range(uses):
                self.use(entry.place)

    def _put(self, place: Place, value: Any, thread: Thread | None) -> list[Entry]:
        entry = Entry(next(self._numbers), place, value)
        evicted = self._order.add(entry.number)
        self._by_number[entry.number] = self._by_place[place] = entry
        if thread is not None:
            number, ended = entry.number, self._ended
            entry.watch = weakref.ref(thread, lambda _: ended.append(number))
        return [self._take_out(gone) for gone in self._known(evicted)]

    def _drop_ended(self) -> list[Entry]:
        """Take out what threads had that have ended."""
        gone = []
        while self._ended:
            entry = self._by_number.get(self._ended.popleft())
            if entry is not None:
                self.remove(entry)
                gone.append(entry)
        return gone

    def _take_out(self, entry: Entry) -> Entry:
        self._by_number.pop(entry.number, None)
        if self._by_place.get(entry.place) is entry:
            del self._by_place[entry.place]
        return entry

    def _in_order(self) -> Iterator[Entry]:
        return self._known(self._order.numbers())

    def _known(self, numbers: list[int]) -> Iterator[Entry]:
        return (self._by_number[number] for number in numbers if number in self._by_number)
