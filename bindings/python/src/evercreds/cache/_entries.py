"""What is in a cache, and in which order it goes."""

from __future__ import annotations

import itertools
import weakref
from collections import deque
from collections.abc import Callable, Hashable
from operator import attrgetter
from typing import Any, Literal

from evercreds._fork.children import notice
from evercreds._waiting.locks import reentrant_lock
from evercreds.cache._keys import CacheKey
from evercreds.cache._making import Making
from evercreds.cache._threads import Thread, this_thread

__all__ = ["Entries", "Entry", "EvictionPolicy", "Place"]

EvictionPolicy = Literal["LRU", "LFU"]

# A key that all threads share; or the number of the thread whose own the value is, and the key.
Place = CacheKey | tuple[int, CacheKey]

# What goes first: the least recently used; of those that are used equally often, too.
_RANKS: dict[EvictionPolicy, Callable[[Any], Any]] = {
    "LRU": attrgetter("last"),
    "LFU": attrgetter("uses", "last"),
}
_MOST_MEANINGS = 1024


class Entry:
    """A value, the key that it was put under, its place, and how it was used."""

    __slots__ = ("counter", "key", "last", "place", "thread", "uses", "value")

    def __init__(self, key: CacheKey, place: Place, value: Any, uses: int, last: int) -> None:
        self.key = key
        self.place = place
        self.value = value
        self.uses = uses
        self.last = last
        # Counts also where several threads use it at once.
        self.counter = itertools.count(uses + 1)
        # The thread whose own the value is, for as long as it lives.
        self.thread: weakref.ref[Thread] | None = None


class Entries:
    """Values by place, up to a bound.

    To find and to use one takes no lock. For all that changes what is there its owner holds it;
    an interrupt (Ctrl-C) may come between any two steps. A thread sees its own values and those of
    all threads; what others have for themselves counts for the bound alone.

    Args:
        policy: Which entries go first.
        max_size: How many there may be.
        meaning: Tells which key a key stands for, where several mean one. Default: itself.
    """

    def __init__(
        self,
        policy: EvictionPolicy,
        max_size: int,
        meaning: Callable[[CacheKey], CacheKey] | None = None,
    ) -> None:
        self.max_size = max_size
        self.meaning = meaning
        self._rank = _RANKS[policy]
        self._clock = itertools.count()
        self.after_fork()

    def after_fork(self) -> None:
        """Begin anew, empty, in a child: connections of clients are shared with the parent."""
        # Collecting garbage may run anything, anywhere, also what asks for something here.
        self.lock = reentrant_lock()
        self.making: dict[Place, Making] = {}
        self._forget()

    def _forget(self) -> None:
        self._by_place: dict[Place, Entry] = {}
        # By the words of requests, so that they need no key. With each entry that goes this is
        # another one: who found that entry before will remember it in the one before.
        self.remembered: dict[Hashable, Entry] = {}
        # What keys were found to stand for. That is looked up again where nothing is there.
        self._meanings: dict[CacheKey, CacheKey] = {}
        # The places of entries whose thread has ended.
        self._ended: deque[Place] = deque()

    def clear(self) -> list[Entry]:
        """Take all entries out, also those of other threads, and give them."""
        gone = list(self._by_place.values())
        self._forget()
        return gone

    def place(self, key: CacheKey) -> Place:
        """Tell where the value of a key is, or would be for the calling thread."""
        place = _place(self._meanings.get(key, key))
        if self.meaning is None or place in self._by_place:
            return place
        meant = self.meaning(key)
        place = _place(meant)
        entry = self._by_place.get(place)
        if entry is not None:  # the same object is found sooner
            place = entry.place
            meant = place[1] if isinstance(place, tuple) else place
        if len(self._meanings) >= _MOST_MEANINGS:
            self._meanings.clear()
        self._meanings[key] = meant
        return place

    def use(self, key: CacheKey) -> Entry | None:
        """Find an entry by its key, and count that as a use of it."""
        notice()
        entry = self._by_place.get(_place(self._meanings.get(key, key)))
        if entry is None and self.meaning is not None:
            entry = self._by_place.get(self.place(key))
        if entry is not None:
            entry.uses, entry.last = next(entry.counter), next(self._clock)
        return entry

    def recall(self, words: Hashable) -> Entry | None:
        """Find the entry of a request in these words as :meth:`use` does, if it is remembered."""
        notice()
        entry = self.remembered.get(words)
        if entry is not None:
            entry.uses, entry.last = next(entry.counter), next(self._clock)
        return entry

    def find(self, place: Place) -> Entry | None:
        """Find an entry; that is no use of it."""
        return self._by_place.get(place)

    def add(self, key: CacheKey, place: Place, value: Any) -> list[Entry]:
        """Add what is not there yet, and give what had to go for it."""
        gone = self._shrink(self.max_size - 1)
        if self.max_size:
            thread = this_thread() if isinstance(place, tuple) else None
            self._put(Entry(key, place, value, 1, next(self._clock)), thread)
        return gone

    def remove(self, entry: Entry) -> None:
        """Take an entry out."""
        if self._by_place.get(entry.place) is entry:
            # Nothing is called between these two, so that no interrupt comes there.
            del self._by_place[entry.place]
            self.remembered = {}
            self._meanings = {}  # what was meant then; by now a default may be another one

    def resize(self, max_size: int) -> list[Entry]:
        """Set the bound, and give what had to go."""
        self.max_size = max_size
        return self._shrink(max_size)

    def visible(self) -> list[Entry]:
        """List what the calling thread sees, the first to be evicted first."""
        own = this_thread().number
        return [
            entry
            for entry in self._in_order()
            if not isinstance(entry.place, tuple) or entry.place[0] == own
        ]

    def copy_to(self, other: Entries) -> None:
        """Put the same values, in the same order, into others that are empty."""
        for entry in self._in_order():
            thread = entry.thread() if entry.thread else None
            if thread is not None or not isinstance(entry.place, tuple):
                now = next(other._clock)
                other._put(Entry(entry.key, entry.place, entry.value, entry.uses, now), thread)

    def _put(self, entry: Entry, thread: Thread | None) -> None:
        if thread is not None:
            place, ended = entry.place, self._ended
            entry.thread = weakref.ref(thread, lambda _: ended.append(place))
        self._by_place[entry.place] = entry

    def _shrink(self, most: int) -> list[Entry]:
        """Take out what threads had that have ended, and then what is too much."""
        gone = []
        while self._ended:
            entry = self._by_place.get(self._ended.popleft())
            if entry is not None:
                gone.append(entry)
                self.remove(entry)
        too_many = len(self._by_place) - max(most, 0)
        for entry in self._in_order()[:too_many] if too_many > 0 else ():
            gone.append(entry)
            self.remove(entry)
        return gone

    def _in_order(self) -> list[Entry]:
        return sorted(self._by_place.values(), key=self._rank)


def _place(key: CacheKey) -> Place:
    return key if key.shared else (this_thread().number, key)
