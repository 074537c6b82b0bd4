"""Values that one thread is making, and others wait for."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

__all__ = ["Making", "is_making", "making"]

_LONGEST_WAIT_S = 1.0


class Making:
    """A value that is being made."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self.is_made = False
        self.value: Any = None

    @property
    def has_ended(self) -> bool:
        """Whether it was made, or will not be."""
        return self._ended.is_set()

    def end(self) -> None:
        """Have those who wait go on."""
        self._ended.set()

    def wait(self) -> None:
        """Wait for the end."""
        # A signal that comes when a thread is about to wait does not end that wait. So it ends by
        # itself now and then, and Ctrl-C is heeded.
        while not self._ended.wait(_LONGEST_WAIT_S):
            pass


class _Here(threading.local):
    depth = 0


_here = _Here()


def is_making() -> bool:
    """Tell whether this thread is making something.

    Such a thread must not wait for another, which may be waiting for what this one is making.
    """
    return _here.depth > 0


@contextlib.contextmanager
def making() -> Iterator[None]:
    """Say that this thread is making something."""
    _here.depth += 1
    try:
        yield
    finally:
        _here.depth -= 1
