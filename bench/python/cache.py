"""What a client of a session costs: ours beside boto3-client-cache.

The keys of the sessions are never used: no call leaves the machine.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from typing import Any

import boto3_client_cache
from botocore.config import Config
from evercreds import cache
from rounds import fewer, interleave, per_call, tell_versions

ROUNDS = fewer(9, 2)
CALLS = fewer(1_000, 10)
COLD_CALLS = fewer(3, 1)
THREADS = 100
CALLS_PER_THREAD = fewer(500, 5)

KEYS = {"aws_access_key_id": "AKIA", "aws_secret_access_key": "secret"}
CONFIG = Config(retries={"mode": "standard", "max_attempts": 5}, read_timeout=10)

# The requests, as a program would write them.
CACHED: dict[str, Callable[[Any], Any]] = {
    'client("s3")': lambda session: session.client("s3"),
    "with a region": lambda session: session.client("s3", region_name="us-east-1"),
    "with verify=False": lambda session: session.client("s3", verify=False),
    "with a Config": lambda session: session.client("s3", config=CONFIG),
    "with keys": lambda session: session.client("s3", **KEYS),
    'resource("s3")': lambda session: session.resource("s3"),
}


def cpu_of_threads(session: Any) -> float:
    """CPU time per call in microseconds, where many threads ask for one client that is there."""
    ready = threading.Barrier(THREADS + 1)

    def work() -> None:
        ready.wait()
        for _ in range(CALLS_PER_THREAD):
            session.client("s3")

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    ready.wait()
    begun = time.process_time_ns()
    for thread in threads:
        thread.join()
    return (time.process_time_ns() - begun) / THREADS / CALLS_PER_THREAD / 1000


def main() -> None:
    tell_versions("boto3-client-cache")
    sessions = {
        "evercreds": cache.Session(region_name="us-east-1", **KEYS),
        "boto3-client-cache": boto3_client_cache.Session(region_name="us-east-1", **KEYS),
    }
    kept = {("s3",): 1}
    floor = per_call(lambda: kept[("s3",)], CALLS, "us")
    for what, call in CACHED.items():
        contenders = {}
        for name, session in sessions.items():
            call(session)
            contenders[name] = per_call(lambda c=call, s=session: c(s), CALLS, "us")
        interleave(
            f"python-client: {what}",
            "us",
            ROUNDS,
            contenders | {"floor: a dict look-up": floor},
        )

    def one_thread() -> float:
        begun = time.process_time_ns()
        for _ in range(CALLS_PER_THREAD * 10):
            sessions["evercreds"].client("s3")
        return (time.process_time_ns() - begun) / CALLS_PER_THREAD / 10_000

    interleave(
        "python-client-threads",
        "us",
        ROUNDS,
        {"evercreds, 1 thread": one_thread}
        | {f"{n}, 100 threads": lambda s=s: cpu_of_threads(s) for n, s in sessions.items()},
    )
    regions = map("us-bench-{}".format, itertools.count())

    def cold(session: Any) -> Callable[[], Any]:
        return per_call(lambda: session.client("sqs", region_name=next(regions)), COLD_CALLS, "us")

    interleave("python-client: cold", "us", ROUNDS, {n: cold(s) for n, s in sessions.items()})


if __name__ == "__main__":
    main()
