"""Reentrant locks that ``with`` takes whole or not at all, whenever an interrupt comes.

Up to Python 3.13 ``with`` heeds no signal between taking a lock and being bound to give it back.
From 3.14 on it does, as it calls the lock's ``__enter__`` like any other function: of the
interrupts that came in a loop of ``with lock: pass``, every second one left the lock held.
"""

from __future__ import annotations

import sys
import threading
from _thread import RLock as _RLock
from typing import Any

__all__ = ["reentrant_lock", "system_lock"]

if sys.version_info >= (3, 14):

    class _Whole(_RLock):
        """A lock whose ``__exit__`` is still the system's, in which no signal is heeded."""

        __slots__ = ()

        def __enter__(self) -> Any:
            depth = self._recursion_count()
            try:
                # Where this returns, nothing is heeded before the ``with`` is bound.
                return self.acquire()
            except BaseException:
                if self._recursion_count() > depth:
                    self.release()
                raise

    _System = _Whole
else:
    _System = _RLock


def reentrant_lock() -> threading.RLock:
    """Make a reentrant lock, of the kind that ``threading.RLock`` is now."""
    made = threading.RLock()
    # Not gevent's or eventlet's, where they have patched it.
    return system_lock() if type(made) is _RLock else made


def system_lock() -> threading.RLock:
    """Make a reentrant lock of the system's, also where gevent or eventlet has patched threading.

    It is for what makes way for no other greenlet. A lock of gevent's may forget who waits for it,
    where several of the system's threads take it (26.9.0; of programs with five who waited, 3 in
    100 on a busy machine).
    """
    made: Any = _System()
    return made  # type: ignore[no-any-return]
