"""How the programs here measure: contenders take turns, and each round is told.

A machine whose speed drifts treats all alike so, and the ratio within a round holds. Results go to
standard output, a JSON object a line, which `internal/bench` reads.
"""

from __future__ import annotations

import gc
import json
import os
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

SHORT = bool(os.environ.get("EVERCREDS_BENCH_SHORT"))

NS = {"ns": 1, "us": 1_000, "ms": 1_000_000}


def fewer(count: int, short: int) -> int:
    """Give a count, or the one of the short form, which only proves that all this runs."""
    return short if SHORT else count


def tell(group: str, name: str, unit: str, rounds: list[float]) -> None:
    """Write what one contender took, round by round."""
    print(json.dumps({"group": group, "name": name, "unit": unit, "rounds": rounds}), flush=True)


def tell_versions(*packages: str) -> None:
    """Write the versions of packages."""
    print(json.dumps({"versions": {each: version(each) for each in packages}}), flush=True)


def interleave(
    group: str, unit: str, rounds: int, contenders: Mapping[str, Callable[[], float]]
) -> None:
    """Have each contender measure itself once a round; every second round goes backwards.

    The second may have to clean up after the first.
    """
    took: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds):
        order = list(contenders.items())
        for name, measure in order[::-1] if number % 2 else order:
            gc.collect()
            took[name].append(measure())
    for name, times in took.items():
        tell(group, name, unit, times)


def per_call(
    call: Callable[[], Any], calls: int, unit: str, clock: Callable[[], int] = time.thread_time_ns
) -> Callable[[], float]:
    """Measure the time per call that this thread was at work, whatever else the machine did."""

    def measure() -> float:
        begun = clock()
        for _ in range(calls):
            call()
        return (clock() - begun) / calls / NS[unit]

    return measure
