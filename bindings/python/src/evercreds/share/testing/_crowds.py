"""Rules about many clients at once."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Any

from evercreds.share._records import NOTHING_SEEN, Entry, Record, Seen, Store
from evercreds.share._swapping import CompareAndSwapStore, Versioned

__all__ = ["play"]

_LONG_MS = 60_000
_HOUR_MS = 3_600_000
_EXPIRY_MS = 1_800_000_000_000
_PATIENCE_S = 120.0


def play(case: dict[str, Any], clients: int, make: Callable[[], Store], key: str) -> None:
    """Play one. Raises AssertionError, or what a store raised."""
    stores = [make() for _ in range(clients)]
    if case.get("calls"):
        _Mixed(key, case["calls"]).play(stores)
    else:
        _race([_slow(store) for store in stores], key)


class _Slow(CompareAndSwapStore):
    """Leaves others the time to write between a read and a write, as a network does."""

    def __init__(self, engine: CompareAndSwapStore) -> None:
        self._engine = engine

    def get(self, key: str) -> Versioned:
        found = self._engine.get(key)
        time.sleep(0.005)
        return found

    def put(self, key: str, content: bytes, version: object, ttl_ms: int) -> bool:
        return self._engine.put(key, content, version, ttl_ms)


def _slow(store: Store) -> Store:
    """Slow a user's engine down: one in memory is too fast to show that it compares nothing.

    The package's own are played at their own pace: what stands in for AWS in tests compares and
    puts in two steps, and shows it when all come at once.
    """
    made = type(store)
    is_users = not made.__module__.startswith("evercreds.")
    if is_users and isinstance(store, CompareAndSwapStore):
        return _Slow(store) if made.campaign is CompareAndSwapStore.campaign else store
    return store


def _together(count: int, work: Callable[[int], None]) -> None:
    """Do this in so many threads at once. Raises what the first of them raised."""
    errors: list[BaseException] = []
    begin = threading.Barrier(count)

    def run(number: int) -> None:
        try:
            begin.wait(_PATIENCE_S)
            work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(at,), daemon=True) for at in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_PATIENCE_S)
    assert not any(thread.is_alive() for thread in threads), "a call does not end"
    if errors:
        raise errors[0]


def _race(stores: list[Store], key: str) -> None:
    """Have all campaign, and then publish."""
    won: list[int] = []
    count = len(stores)

    def campaign(at: int) -> None:
        answer = stores[at].campaign(key, _owner(at), 0, NOTHING_SEEN, _LONG_MS)
        assert answer.number == 1, f"the number of the turn is {answer.number}, not 1"
        assert answer.left_ms > 0, "nothing is left of the turn"
        if answer.won:
            won.append(at)

    def publish(at: int) -> None:
        entry = Entry(bytes([at]), 1, f"{at + 1:016x}", _EXPIRY_MS - (at * 37) % count)
        stores[at].publish(key, _owner(at), 1, entry, "", None, _HOUR_MS)

    _together(count, campaign)
    assert len(won) == 1, f"{len(won)} clients have won the turn"
    _together(count, publish)
    record = stores[0].read(key)
    assert record.entry is not None, "no entry is there"
    assert record.entry.expiry_ms == _EXPIRY_MS, "the entry that expires last is not there"
    assert (record.number, record.turn_left_ms) == (1, 0), "the turn is not over"


class _Mixed:
    """Calls of every kind; some are late, or done again."""

    def __init__(self, key: str, calls: int) -> None:
        self._key = key
        self._calls = calls
        self._won_by: dict[int, str] = {}

    def play(self, stores: list[Store]) -> None:
        _together(len(stores), lambda at: self._client(stores[at], _owner(at)))
        assert self._won_by, "nobody has ever won a turn"

    def _client(self, store: Store, owner: str) -> None:
        last, published = Record(), None
        for _ in range(self._calls):
            now = store.read(self._key)
            _check_order(last, now)
            last = now
            kind = random.randrange(4)
            if kind < 2:
                self._campaign(store, owner, now)
            elif kind == 2:
                if published is None or random.randrange(3):
                    published = now.number, _random_entry(now.number)
                number, entry = published
                store.publish(self._key, owner, number, entry, "", None, _HOUR_MS)
            else:
                store.resign(self._key, owner, now.number, b"notice", 1000, _HOUR_MS)

    def _campaign(self, store: Store, owner: str, now: Record) -> None:
        saw = Seen(now.number, "" if now.entry is None else now.entry.fingerprint)
        answer = store.campaign(self._key, owner, now.number, saw, _LONG_MS)
        if answer.won:
            by = self._won_by.setdefault(answer.number, owner)
            assert by == owner, f"two clients have won turn {answer.number}"


def _check_order(before: Record, now: Record) -> None:
    assert now.number >= before.number, "the number of the turn went back"
    if before.entry is not None:
        assert now.entry is not None, "the entry is gone"
        assert now.entry.expiry_ms >= before.entry.expiry_ms, "the entry's expiry went back"
        assert now.entry.generation >= before.entry.generation, "its generation went back"


def _random_entry(generation: int) -> Entry:
    fingerprint = f"{random.getrandbits(64):016x}"
    return Entry(b"sealed", generation, fingerprint, _EXPIRY_MS + random.randrange(1000))


def _owner(at: int) -> str:
    return f"{at + 1:032x}"
