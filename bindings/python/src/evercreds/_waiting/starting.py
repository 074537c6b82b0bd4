"""Starts of threads, in which a signal may come."""

from __future__ import annotations

import sys
import threading

__all__ = ["begin"]


def begin(thread: threading.Thread) -> None:
    """Start a thread.

    ``Thread.start`` waits by a ``Condition``. Where a signal handler raises before that has its
    lock again, CPython says "cannot release un-acquired lock" in place of what was raised: an
    interrupt would look as if there was no thread to be had.

    Raises:
        RuntimeError: No thread can be had.
        BaseException: Whatever a signal handler has raised meanwhile. The thread runs then.
    """
    outer = sys.exc_info()[1]
    try:
        thread.start()
        return
    except RuntimeError as error:
        hidden = error.__context__
        if hidden is None or hidden is outer:
            raise
    raise hidden
