"""A fork waits until no other thread is in the midst of native code, which has locks of its own.

OpenSSL's are shared by all connections of a process, and it takes them where Python's lock (the
GIL) has been given up. A child that is forked meanwhile has such a lock held for ever, and its own
first connection waits for it. When a thread comes out of there, it needs Python's lock. So the
thread that forks keeps that, and looks at the others: each comes to rest, where it waits for
Python's lock or for the network. Threads that are not Python's, as awscrt's, rest between their
turns.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time

__all__ = ["Quiet"]

_O_CLOEXEC = getattr(os, "O_CLOEXEC", 0)
_THREADS = "/proc/self/task"
_PAUSE_US = 100
# Long enough to look and to fork, and no burden on a thread that computes.
_SWITCH_INTERVAL_S = 0.05


class _Look:
    """Looks at threads without ever giving Python's lock up."""

    def __init__(self) -> None:
        self._libc = ctypes.PyDLL(None)
        self._buffer = ctypes.create_string_buffer(512)

    def is_at_rest(self, thread: int) -> bool:
        """Tell whether a thread, by its native number, sleeps or is no more (proc(5))."""
        fd = self._libc.open(b"/proc/self/task/%d/stat" % thread, os.O_RDONLY | _O_CLOEXEC)
        if fd < 0:
            return True
        length = self._libc.read(fd, self._buffer, len(self._buffer))
        self._libc.close(fd)
        _, _, after_name = self._buffer.raw[: max(0, length)].rpartition(b") ")
        return after_name[:1] not in (b"R", b"D")

    def pause(self) -> None:
        self._libc.usleep(_PAUSE_US)


class Quiet:
    """Holds forks up while threads are in native code, where the system tells: on Linux.

    It does so from the end of ``before_fork`` to ``after_fork``, for one thread that forks at a
    time. A Python without a GIL has no such moment; there it does nothing.

    Args:
        longest_s: How long a fork waits at most for threads that run attempts. Default: one second.
        longest_for_others_s: How long for all the others, one of which may compute in native code
            for hours. Default: 20 ms.
    """

    def __init__(self, longest_s: float = 1.0, longest_for_others_s: float = 0.02) -> None:
        self._longest_s = longest_s
        self._longest_for_others_s = longest_for_others_s
        self._threads: dict[object, int] = {}
        self._interval: float | None = None

    def watch(self, what: object) -> None:
        """Note that the calling thread does this, in native code too."""
        self._threads[what] = threading.get_native_id()

    def forget(self, what: object) -> None:
        """Note that it has ended."""
        self._threads.pop(what, None)

    def before_fork(self) -> None:
        """Wait until the threads are at rest, and keep Python's there."""
        if not _can_tell():
            return
        try:
            threads = {int(name) for name in os.listdir(_THREADS)}
        except OSError:  # no descriptor is left, say; a fork must not fail for that
            return
        threads.discard(threading.get_native_id())
        if not threads:
            return
        if self._interval is None:  # or a fork of another thread, whose turn has lasted, has it
            self._interval = sys.getswitchinterval()
            sys.setswitchinterval(_SWITCH_INTERVAL_S)
        look = _Look()
        begin = time.monotonic()
        self._wait(look, threads, begin + self._longest_for_others_s)
        self._wait(look, threads & {*self._threads.values()}, begin + self._longest_s)

    def _wait(self, look: _Look, threads: set[int], end: float) -> None:
        # All at once: who waits for another's lock is at rest, too.
        while not all(map(look.is_at_rest, threads)) and time.monotonic() < end:
            look.pause()

    def after_fork(self) -> None:
        """Let them go on: in the parent, and in the child, which has none of them."""
        if self._interval is not None:
            sys.setswitchinterval(self._interval)
            self._interval = None

    def after_fork_in_child(self) -> None:
        """Begin anew."""
        self.after_fork()
        self._threads = {}


def _can_tell() -> bool:
    has_gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    return sys.platform == "linux" and has_gil and os.path.exists(_THREADS)
