"""Reentrant locks that ``with`` takes whole or not at all, whenever an interrupt comes.

Up to Python 3.13 ``with`` heeds no signal between taking a lock and being bound to give it back.
From 3.14 on it does, as it calls the lock's ``__enter__`` like any other function: of the
interrupts that came in a loop of ``with lock: pass``, every second one left the lock held.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

__all__ = ["reentrant_lock"]

_make: Any = threading.RLock

if sys.version_info >= (3, 14):
    from _thread import RLock as _RLock

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

    def _make() -> Any:
        made = threading.RLock()
        # Not gevent's or eventlet's, where they have patched it.
        return _Whole() if type(made) is _RLock else made


def reentrant_lock() -> threading.RLock:
    """Make a reentrant lock, of the kind that ``threading.RLock`` is now."""
    made: threading.RLock = _make()
    return made
