"""Stores that can do no more than compare and swap."""

from __future__ import annotations

import abc
import dataclasses
import itertools
import random
import time
from collections.abc import Callable
from typing import TypeVar

from evercreds.share._records import Campaign, Entry, Publication, Record, Seen
from evercreds.share._rows import Row, left_of

__all__ = ["CompareAndSwapStore", "StoreBusyError", "Versioned"]

_PATIENCE_S = 20.0
_HOUR_MS = 3_600_000
_T = TypeVar("_T")


class StoreBusyError(Exception):
    """Others have written in between each time."""


@dataclasses.dataclass(frozen=True, slots=True)
class Versioned:
    """What a store has under a key, and its version."""

    content: bytes | None = dataclasses.field(repr=False)
    """``None``: there is nothing."""
    version: object
    """Whatever tells that nobody has written in between. ``None``: there is nothing."""
    clock_ms: int = 0
    """The store's clock; 0: it has none. Then turns end by the clocks of the machines."""
    clock_step_ms: int = 0
    """By how much the clock may be later than it says: 999 for one of whole seconds."""


class CompareAndSwapStore(abc.ABC):
    """Makes the four calls of :class:`Store` of two: get, and put if nobody has written since.

    A class below defines :meth:`get` and :meth:`put`, for etcd, NATS KV, a table of a database, or
    a Kubernetes object. What is kept is JSON of at most 32 KiB.
    """

    call_ms: int = 250
    """After so long a call counts as failed."""
    poll_ms: int = 100
    """The first pause of a caller who follows."""

    @abc.abstractmethod
    def get(self, key: str) -> Versioned:
        """Read what was written last under this key."""

    @abc.abstractmethod
    def put(self, key: str, content: bytes, version: object, ttl_ms: int) -> bool:
        """Write, if the version is still this one, and tell whether that was so.

        Args:
            key: The key.
            content: What to write.
            version: What :meth:`get` gave. ``None``: there must be nothing yet.
            ttl_ms: It may be dropped after so long.
        """

    def read(self, key: str) -> Record:
        """Read the record; see :class:`Store`."""
        row, found = self._load(key)
        return row.record(_now_ms(found), found.clock_ms, found.clock_step_ms)

    def campaign(self, key: str, owner: str, seen: int, saw: Seen, turn_ms: int) -> Campaign:
        """Try for the turn; see :class:`Store`."""

        def change(row: Row, found: Versioned) -> tuple[Campaign, bool]:
            now_ms, told_ms = _now_ms(found), found.clock_ms
            ends_ms = now_ms + found.clock_step_ms + turn_ms
            left_ms = left_of(row.turn_ends_ms, now_ms, found.clock_step_ms)
            if left_ms and row.owner:
                if row.owner != owner:
                    return Campaign(False, row.number, left_ms, told_ms), False
                row.turn_ends_ms = ends_ms
                return Campaign(True, row.number, turn_ms, told_ms), True
            if row.saw() != saw:
                return Campaign(False, row.number, 0, told_ms), False
            row.win(owner, seen, ends_ms)
            return Campaign(True, row.number, turn_ms, told_ms), True

        return self._changed(key, change, turn_ms)

    def publish(
        self,
        key: str,
        owner: str,
        number: int,
        entry: Entry,
        replaces: str,
        junk: Seen | None,
        ttl_ms: int,
    ) -> Publication:
        """Write an entry by the write rule; see :class:`Store`."""

        def change(row: Row, found: Versioned) -> tuple[Publication, bool]:
            stored, is_changed = row.publish(owner, number, entry, replaces, junk)
            return Publication(stored, found.clock_ms), is_changed

        return self._changed(key, change, ttl_ms)

    def resign(
        self, key: str, owner: str, number: int, notice: bytes, notice_ms: int, ttl_ms: int
    ) -> None:
        """End the owner's turn; see :class:`Store`."""

        def change(row: Row, found: Versioned) -> tuple[None, bool]:
            ends_ms = _now_ms(found) + found.clock_step_ms + notice_ms
            return None, row.resign(owner, number, notice, ends_ms)

        self._changed(key, change, ttl_ms)

    def _load(self, key: str) -> tuple[Row, Versioned]:
        found = self.get(key)
        return Row.parsed(found.content), found

    def _save(self, key: str, row: Row, found: Versioned, ttl_ms: int) -> bool:
        return self.put(key, row.written(), found.version, ttl_ms)

    def _changed(
        self, key: str, change: Callable[[Row, Versioned], tuple[_T, bool]], ttl_ms: int
    ) -> _T:
        end = time.monotonic() + _PATIENCE_S
        for tries in itertools.count(1):
            row, found = self._load(key)
            answer, is_changed = change(row, found)
            if not is_changed or self._save(key, row, found, max(ttl_ms, _least_ttl_ms(row))):
                return answer
            if time.monotonic() >= end:
                break
            time.sleep(random.uniform(0, 0.005 * min(tries, 10)))
        raise StoreBusyError("others have written in between each time")


def _least_ttl_ms(row: Row) -> int:
    """Keep a record for as long as its entry may be good, by this process's wall clock."""
    if row.entry is None:
        return _HOUR_MS
    left_ms = row.entry.expiry_ms - time.time_ns() // 1_000_000
    return max(_HOUR_MS, min(left_ms, 36 * _HOUR_MS))  # no set of AWS's lasts longer


def _now_ms(found: Versioned) -> int:
    return found.clock_ms or time.time_ns() // 1_000_000
