"""The two clocks of the machine: wall, and elapsed, which never goes back."""

from __future__ import annotations

import functools
import sys
import threading
import time
from collections.abc import Callable
from typing import Protocol

__all__ = ["SYSTEM_CLOCK", "Clock", "wait_in_steps"]

NANOS = 1_000_000  # in a millisecond
_LONGEST_STEP_S = 1.0


class Clock(Protocol):
    """Where a session's time comes from. Tests bring their own."""

    @property
    def counts_sleep(self) -> bool:
        """Tell whether the elapsed clock goes on while the machine sleeps."""
        raise NotImplementedError

    elapsed_ns: Callable[[], int]
    wall_ns: Callable[[], int]

    def wait(self, event: threading.Event, until_ms: int) -> None:
        """Wait for the event, at most until this instant of the elapsed clock."""


def _elapsed_source() -> tuple[Callable[[], int], bool]:
    """Choose the elapsed clock, and tell whether it counts sleep."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return functools.partial(time.clock_gettime_ns, time.CLOCK_BOOTTIME), True
    if sys.platform == "darwin":
        # There CLOCK_MONOTONIC counts sleep, and what time.monotonic reads does not.
        return functools.partial(time.clock_gettime_ns, time.CLOCK_MONOTONIC), True
    return time.monotonic_ns, False


def wait_in_steps(event: threading.Event, left_s: Callable[[], float]) -> None:
    """Wait for an event, in steps of a second at most.

    A wait of Python's does not count the time that the machine sleeps. And it does not end for a
    signal that another thread gets, or that comes when this one is about to wait: Ctrl-C would
    not be heeded.

    Args:
        event: What is waited for.
        left_s: Gives the time that is left for that, in seconds.
    """
    while (left := left_s()) > 0 and not event.wait(min(left, _LONGEST_STEP_S)):
        pass


class SystemClock:
    """The clocks of this machine, in nanoseconds."""

    def __init__(self) -> None:
        self.elapsed_ns, self.counts_sleep = _elapsed_source()
        self.wall_ns: Callable[[], int] = time.time_ns

    def wait(self, event: threading.Event, until_ms: int) -> None:
        """Wait for the event, at most until this instant of the elapsed clock."""
        wait_in_steps(event, lambda: (until_ms * NANOS - self.elapsed_ns()) / 1e9)


SYSTEM_CLOCK = SystemClock()
