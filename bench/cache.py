"""What a client of a session costs: ours beside boto3-client-cache, in one run.

The two take turns, so that a machine whose speed drifts treats them alike; look at the ratio.
The keys of the second session are never used: no call leaves the machine.
"""

from __future__ import annotations

import gc
import itertools
import statistics
import threading
import time
from collections.abc import Callable
from typing import Any

import boto3_client_cache
from botocore.config import Config
from evercreds import cache

ROUNDS = 15
CALLS = 1_000
COLD_CALLS = 3
THREADS = 100
CALLS_PER_THREAD = 500

KEYS = {"aws_access_key_id": "AKIA", "aws_secret_access_key": "secret"}
CONFIG = Config(retries={"mode": "standard", "max_attempts": 5}, read_timeout=10)

# The requests, as a program would write them.
CACHED: dict[str, Callable[[Any], Any]] = {
    'cached, client("s3")': lambda session: session.client("s3"),
    "cached, with a region": lambda session: session.client("s3", region_name="us-east-1"),
    "cached, with verify=False": lambda session: session.client("s3", verify=False),
    "cached, with a Config": lambda session: session.client("s3", config=CONFIG),
    "cached, with keys": lambda session: session.client("s3", **KEYS),
    'cached, resource("s3")': lambda session: session.resource("s3"),
}


def time_of(call: Callable[[Any], Any], session: Any, times: int) -> float:
    """Time per call that this thread was at work, whatever else the machine did."""
    begun = time.thread_time_ns()
    for _ in range(times):
        call(session)
    return (time.thread_time_ns() - begun) / times / 1000


def time_of_threads(session: Any, clock: Callable[[], int] = time.perf_counter_ns) -> float:
    """Time per call, where many threads ask for one client that is there."""
    ready = threading.Barrier(THREADS + 1)

    def work() -> None:
        ready.wait()
        for _ in range(CALLS_PER_THREAD):
            session.client("s3")

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    ready.wait()
    begun = clock()
    for thread in threads:
        thread.join()
    return (clock() - begun) / THREADS / CALLS_PER_THREAD / 1000


def compare(what: str, rounds: int, measure: Callable[[Any], float], *sessions: Any) -> None:
    took: list[list[float]] = []
    for number in range(rounds):
        gc.collect()
        # They take turns, since the second may have to clean up after the first.
        turn = -1 if number % 2 else 1
        took.append([measure(session) for session in sessions[::turn]][::turn])
    ours, peers = (statistics.median(each) for each in zip(*took, strict=True))
    ratio = statistics.median(peer / our for our, peer in took)
    print(f"{what:28} {ours:12.2f} us {peers:12.2f} us   x {ratio:.2f}")


def main() -> None:
    sessions = (
        cache.Session(region_name="us-east-1", **KEYS),
        boto3_client_cache.Session(region_name="us-east-1", **KEYS),
    )
    print(f"{'':28} {'evercreds':>15} {'the peer':>15}   peer / evercreds")
    for what, call in CACHED.items():
        for session in sessions:
            call(session)
        compare(what, ROUNDS, lambda session, call=call: time_of(call, session, CALLS), *sessions)
    compare(f"cached, {THREADS} threads at once", ROUNDS, time_of_threads, *sessions)
    compare(
        f"cached, {THREADS} threads, CPU",
        ROUNDS,
        lambda session: time_of_threads(session, time.process_time_ns),
        *sessions,
    )
    regions = map("us-bench-{}".format, itertools.count())

    def cold(session: Any) -> Any:
        return session.client("sqs", region_name=next(regions))

    compare("cold", ROUNDS, lambda session: time_of(cold, session, COLD_CALLS), *sessions)


if __name__ == "__main__":
    main()
