"""1,000 threads wait for the first credentials: how long after the source's reply have they them?

The p99 of the callers, in milliseconds, a round each.
"""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable
from typing import Any

from botocore.credentials import DeferredRefreshableCredentials
from evercreds import RefreshableSession
from rounds import fewer, interleave

ROUNDS = fewer(9, 1)
CALLERS = fewer(1_000, 20)


class Source:
    """Answers when it is told to, and knows when that was."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.replied_ns = 0

    def __call__(self) -> dict[str, str]:
        self.gate.wait()
        expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
        keys = dict.fromkeys(("access_key", "secret_key", "token"), "A")
        self.replied_ns = time.perf_counter_ns()
        return keys | {"expiry_time": expiry.isoformat()}


def p99_ms(make: Callable[[Source], Callable[[], Any]]) -> float:
    source = Source()
    call = make(source)
    ready, has = threading.Barrier(CALLERS + 1), [0] * CALLERS

    def work(number: int) -> None:
        ready.wait()
        call()
        has[number] = time.perf_counter_ns()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(CALLERS)]
    for thread in threads:
        thread.start()
    ready.wait()
    time.sleep(0.5)  # until they wait
    source.gate.set()
    for thread in threads:
        thread.join()
    return sorted(has)[CALLERS * 99 // 100 - 1] / 1e6 - source.replied_ns / 1e6


def ours(source: Source) -> Callable[[], Any]:
    session = RefreshableSession(
        method="custom", custom_credentials_method=source, region_name="us-east-1"
    )
    return session.get_credentials().get_frozen_credentials


def botocores(source: Source) -> Callable[[], Any]:
    return DeferredRefreshableCredentials(source, "custom").get_frozen_credentials


def bare(source: Source) -> Callable[[], Any]:
    """The least that any library does: one thread asks, the others wait for an event."""
    done, first = threading.Event(), threading.Lock()

    def call() -> None:
        if first.acquire(blocking=False):
            source()
            done.set()
        done.wait()

    return call


if __name__ == "__main__":
    contenders = {
        "evercreds": ours,
        "botocore DeferredRefreshableCredentials": botocores,
        "floor: a threading.Event": bare,
    }
    interleave(
        "waiting-python", "ms", ROUNDS, {n: lambda m=m: p99_ms(m) for n, m in contenders.items()}
    )
