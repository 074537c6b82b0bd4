"""Where threads of ours run: the system's together, greenlets apart by the thread that they are in.

A program may have gevent or eventlet patch ``threading`` after its first session. From then on new
threads are greenlets, which run only while the system's thread that they are in runs their hub; and
a lock of theirs may forget who waits for it, where another of the system's threads frees it
(gevent 26.9.0, with five who wait and one who frees: 1 in 30). So threads that wait for work are
kept by place, and work goes to those of the place that it comes from.
"""

from __future__ import annotations

import _thread
import queue
import threading
from collections.abc import Callable
from typing import Any

from evercreds._fork.children import forget_in_child

__all__ = ["SYSTEM", "new_queue", "place", "start"]

#: The place of all threads of the system's.
SYSTEM = 0

# As they are when this is imported: the system's, where there is anything of the system's at all.
_system_queue = queue.SimpleQueue
_start_system_thread = _thread.start_new_thread


class _Started:
    """The threads of the system's that are ours, by their ids."""

    def __init__(self) -> None:
        self.after_fork()
        forget_in_child(self)

    def after_fork(self) -> None:
        self.ids: set[int] = set()


_started = _Started()


def place() -> int:
    """Give the place that this thread is in."""
    if not _is_patched():
        return SYSTEM
    here = threading.get_native_id()
    return SYSTEM if here in _started.ids else here


def new_queue(where: int) -> queue.SimpleQueue[Any]:
    """Make a queue for threads of this place."""
    return _system_queue() if where == SYSTEM else queue.SimpleQueue()


def start(where: int, name: str, work: Callable[..., None], *arguments: object) -> None:
    """Start a thread in this place. Raises RuntimeError where none can be had.

    Args:
        where: ``SYSTEM``, or the place of this thread.
        name: Of the thread.
        work: What it does.
        arguments: What that takes.
    """
    if where != SYSTEM:
        threading.Thread(target=work, args=arguments, name=name, daemon=True).start()
    elif _is_patched():
        _start_system_thread(_in_system, (work, arguments))
    else:
        whole = (work, arguments)
        threading.Thread(target=_in_system, args=whole, name=name, daemon=True).start()


def _in_system(work: Callable[..., None], arguments: tuple[object, ...]) -> None:
    here, ids = threading.get_native_id(), _started.ids
    ids.add(here)
    try:
        work(*arguments)
    finally:
        ids.discard(here)  # the system gives it to another thread


def _is_patched() -> bool:
    """Tell whether a new thread is none of the system's."""
    return type(threading.Lock()).__module__ != "_thread"
