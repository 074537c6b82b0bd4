"""Which thread this is, told apart from all others that there ever were in this process."""

from __future__ import annotations

import itertools
import threading

__all__ = ["Thread", "this_thread"]

_numbers = itertools.count(1)


class Thread:
    """A thread. It has a number that no other gets, and ends when the thread does.

    The system gives the identifier of a thread that has ended to a new one.
    """

    def __init__(self) -> None:
        self.number = next(_numbers)


class _Here(threading.local):
    def __init__(self) -> None:
        self.thread = Thread()


_here = _Here()


def this_thread() -> Thread:
    """Give the thread that calls; it alone may keep what this gives, so that it ends in time."""
    return _here.thread
