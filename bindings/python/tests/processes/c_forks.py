"""Forks that Python is not told of, as programs that embed it make them.

Its argument is how many. While they take place, another thread holds each lock of the package's
that a fork may find held. It prints how many children have gone on, and ends with 1 if one has not.
"""

from __future__ import annotations

import ctypes
import datetime
import os
import sys
import threading
import time
from typing import Any

from botocore.client import BaseClient
from forked import fault_of, in_child

from evercreds import RefreshableSession
from evercreds.cache import ClientCache, ClientCacheKey

FORKS = int(sys.argv[1])
SESSIONS, REFRESHES = 100, 2000
LONGEST_S = 120
OTHERS = 3  # the main thread, the timer's, and the one that holds the locks
fork = ctypes.PyDLL(None).fork


class Client(BaseClient):  # type: ignore[misc]
    """What a cache takes for a client."""

    def __init__(self) -> None:
        pass


def fetch() -> dict[str, Any]:
    expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    return {
        "access_key": "a",
        "secret_key": "b",
        "token": expiry.isoformat(),
        "expiry_time": expiry,
    }


def make(**more: Any) -> Any:
    return RefreshableSession(
        method="custom", custom_credentials_method=fetch, region_name="us-east-1", **more
    )


def hold(*locks: Any) -> None:
    """Have another thread hold these locks, for as long as the process lives."""
    held = threading.Event()

    def run() -> None:
        for lock in locks:
            lock.acquire()
        held.set()
        time.sleep(3600)

    threading.Thread(target=run, daemon=True).start()
    held.wait()


def rest() -> None:
    """Let the threads of attempts that have just ended come to rest.

    Where one waits for the interpreter's lock at such a fork, CPython's own condition is left in a
    state in which the child waits for it for ever, with any thread of any program.
    """
    end = time.monotonic() + 1  # in a child the parent's threads are counted for ever
    while threading.active_count() - len(workers.idle) > OTHERS and time.monotonic() < end:
        time.sleep(0.001)
    time.sleep(0.01)


def goes_on(forks: Any, work: Any) -> bool:
    """Tell whether a child goes on, and say why it does not."""
    rest()
    fault = fault_of(in_child(work, fork=forks, has_watchdog=False), LONGEST_S)
    print(fault, file=sys.stderr, end="")
    return not fault


sessions = [make() for _ in range(SESSIONS)]
sessions[0].refresh()
eager = make(defer_refresh=False)
locked, cache, key = make(), ClientCache(), ClientCacheKey("sts", "a")
locked.refresh()
inherited = cache.get_or_make(key, Client)
# The session's own lock, that of the cache, that of the library: each as if its thread had been
# in the midst of a call.
from evercreds._host.workers import workers  # noqa: E402
from evercreds._library.loading import _loader  # noqa: E402

hold(locked._host.loop._lock, cache._lock, _loader._lock)


def refresh_a_little() -> None:
    """Several threads of the child come at the same time, to what another held in the parent."""
    assert locked.get_credentials().get_frozen_credentials().token
    gates = threading.Barrier(4)
    done: list[int] = []

    def use() -> None:
        gates.wait()
        locked.refresh()
        done.append(locked.status().counters["installs"])

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 4
    assert cache.get_or_make(key, Client) is not inherited
    eager.refresh()


def refresh_often() -> None:
    """Enough calls for the library's collector to run."""
    for at in range(REFRESHES):
        sessions[at % SESSIONS].refresh()


def fork_again() -> None:
    """A child of a child, told and not told."""
    assert goes_on(fork, refresh_a_little)
    refresh_a_little()
    assert goes_on(fork, refresh_a_little)
    assert goes_on(os.fork, refresh_a_little)


works = [refresh_often, fork_again] + [refresh_a_little] * 8
well = sum(goes_on(fork, works[at % len(works)]) for at in range(FORKS))
print(f"{FORKS} forks in C, {well} well", flush=True)
os._exit(well != FORKS)
