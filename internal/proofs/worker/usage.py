"""What the Python worker holds."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import sys
import threading
import time
import weakref
from pathlib import Path
from typing import Any

from evercreds._library.handle import Handle

_PAGE = os.sysconf("SC_PAGE_SIZE")
_PATIENCE_S = 15.0


class _MallInfo(ctypes.Structure):
    """The C library's struct mallinfo2."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


_mallinfo = ctypes.CDLL(None).mallinfo2
_mallinfo.restype = _MallInfo


class _Handles:
    """Counts the core's handles, each from its making to its end."""

    def __init__(self) -> None:
        self.held: set[tuple[int, int]] = set()
        adopt, free = Handle.adopt, Handle.free

        def adopted(handle: Handle, lib: Any, number: int) -> None:
            adopt(handle, lib, number)
            self.held.add((id(lib), number))

        def freed(handle: Handle) -> None:
            self.held.discard((id(handle.lib), handle.number))
            free(handle)

        Handle.adopt, Handle.free = adopted, freed


class Usage:
    """Reads what is in use."""

    def __init__(self) -> None:
        self._handles = _Handles()
        self.sessions: weakref.WeakSet[Any] = weakref.WeakSet()

    def now(self) -> dict[str, float]:
        """Tell what is in use once the garbage has gone."""
        for _ in range(2):  # what the first one finds unused may hold on to more
            gc.collect()
        resident = int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE
        names = [thread.name for thread in threading.enumerate()]
        waiting = sum(name == "evercreds-refresh" for name in names)
        links = _descriptors()
        memory = _mallinfo()
        return {
            "resident bytes": resident,
            # What was asked of the C library, by extensions and by Python for what is large, and
            # Python's own small blocks.
            "heap bytes": memory.uordblks + memory.hblkhd,
            "blocks": sys.getallocatedblocks(),
            "objects": len(gc.get_objects()),
            "threads": sum(1 for _ in Path("/proc/self/task").iterdir()) - waiting,
            "threads that wait": waiting,
            "descriptors": len(links) - _of_gos_runtime(links),
            "sockets": sum(link.startswith("socket:") for link in links),
            "sessions": len(self.sessions),
            "handles": len(self._handles.held),
        }

    def settled(self, names: list[str], start: dict[str, float] | None) -> dict[str, float]:
        """Tell what is in use with nothing open, once the named numbers have settled.

        They are to be no more than at the start, or, without one, to stay the same. Threads and
        connections of awscrt's end a little after what they were for.
        """
        end = time.monotonic() + _PATIENCE_S
        usage = self.now()
        while time.monotonic() < end:
            time.sleep(0.5)
            before, usage = usage, self.now()
            if start is None and all(usage[name] == before[name] for name in names):
                break
            if start is not None and all(usage[name] <= start[name] for name in names):
                break
        return usage


def _of_gos_runtime(links: list[str]) -> int:
    """Count the epoll and the eventfd that the runtime in the library has for the whole process.

    It makes them with its first timer: in most runs as it collects its heap for the first time, in
    some long after the start. An event loop of awscrt's has such a pair too, which counts.
    """
    return sum(link in links for link in ("anon_inode:[eventpoll]", "anon_inode:[eventfd]"))


def _descriptors() -> list[str]:
    links = []
    for file in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # what the listing itself had open
            links.append(str(file.readlink()))
    return links
