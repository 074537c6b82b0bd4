"""Where threads of ours run: the system's together, greenlets apart by the thread that they are in.

A program may have gevent or eventlet patch ``threading``, also after its first session. From then
on new threads are greenlets, which run only while the system's thread that they are in runs their
hub. So threads that wait for work are kept by place, and work goes to those of the place that it
comes from. A thread of gevent's pool runs its hub while it waits for something, and not beyond:
what it begins is the system's to run.
"""

from __future__ import annotations

import _queue
import _thread
import queue
import sys
import threading
from collections.abc import Callable
from types import BuiltinFunctionType
from typing import Any

from evercreds._fork.children import forget_in_child
from evercreds._waiting.starting import begin

__all__ = ["SYSTEM", "new_queue", "place", "start"]

#: The place of all threads of the system's.
SYSTEM = 0


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
    kind = _kind()
    if kind == "_thread":
        return SYSTEM
    here = threading.get_native_id()
    if here in _started.ids:
        return SYSTEM
    is_main = here == threading.main_thread().native_id
    return here if is_main or not kind.startswith("gevent") else SYSTEM


def new_queue(where: int) -> queue.SimpleQueue[Any]:
    """Make a queue for threads of this place."""
    # Nobody patches the first one.
    return _queue.SimpleQueue() if where == SYSTEM else queue.SimpleQueue()


def start(where: int, name: str, work: Callable[..., None], *arguments: object) -> None:
    """Start a thread in this place. Raises RuntimeError where none can be had.

    Args:
        where: ``SYSTEM``, or the place of this thread.
        name: Of the thread, where the system has it and is not patched.
        work: What it does.
        arguments: What that takes.
    """
    whole = (work, arguments)
    if where != SYSTEM:
        # Unlike Thread.start this waits for nothing, and so makes way for no other greenlet.
        _thread.start_new_thread(work, arguments)
    elif _kind() == "_thread":
        begin(threading.Thread(target=_in_system, args=whole, name=name, daemon=True))
    else:
        _system_start()(_in_system, whole)


def _in_system(work: Callable[..., None], arguments: tuple[object, ...]) -> None:
    here, ids = threading.get_native_id(), _started.ids
    ids.add(here)
    try:
        work(*arguments)
    finally:
        ids.discard(here)  # the system gives it to another thread


def _kind() -> str:
    """Name the module whose threads a new one is of: ``_thread`` for the system's."""
    return type(threading.Lock()).__module__


def _system_start() -> Callable[..., object]:
    """Give what starts a thread of the system's, although that is patched now."""
    for start_thread in (_before, getattr(_thread, "start_new", None)):
        if isinstance(start_thread, BuiltinFunctionType):
            return start_thread
    patcher: Any = sys.modules["eventlet.patcher"]  # gevent leaves start_new alone
    found: Callable[..., object] = patcher.original("_thread").start_new_thread
    return found


_before = _thread.start_new_thread
