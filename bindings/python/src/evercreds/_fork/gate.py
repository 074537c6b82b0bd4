"""A fork waits for refresh attempts that have just begun, and none begins during one.

What an attempt does as it begins takes locks that are not ours: it imports modules, resolves names,
makes TLS contexts and connections. A child that is forked in the middle of that has such a lock
held for ever, and its own first attempt would wait for it. An attempt that has been under way for
longer waits for the network, and holds none; or the machine is busy, and its thread gets few turns.
Where the system tells, on Linux, a fork waits longer for one whose thread is not at rest.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection

from evercreds._fork.children import forget_in_child, notice
from evercreds._waiting.bell import Bell

__all__ = ["ForkGate"]

# How long a thread is looked at that may be at rest.
_LOOK_S = 0.1


class ForkGate:
    """Keeps forks and the beginnings of attempts apart, for a bounded time.

    Each side notes what it does before it looks at the other's notes. So there is no lock that one
    who is interrupted could leave held.

    Args:
        longest_s: How long an attempt counts as one that has just begun; so long a fork waits at
            most. Default: one second.
        longest_busy_s: The same for an attempt whose thread has been running, or ready to run, all
            the time. Default: ten seconds.
    """

    def __init__(self, longest_s: float = 1.0, longest_busy_s: float = 10.0) -> None:
        self._longest_s = longest_s
        self._longest_busy_s = longest_busy_s
        self.after_fork()
        forget_in_child(self)

    def after_fork(self) -> None:
        """Begin anew in a child, where no attempt runs."""
        # When each has begun, what rings when it has ended, and its thread.
        self._begun: dict[object, tuple[float, Bell, int]] = {}
        # By thread: until when each keeps attempts from beginning, and what rings when it is over.
        self._forks: dict[int, tuple[float, Bell]] = {}

    def enter(self, attempt: object, *, is_nested: bool) -> None:
        """Let an attempt begin, once no fork is under way.

        A nested one, which another attempt waits for, begins at once: the fork waits for both.
        """
        # Not for ever: the thread that forks may wait for this very attempt.
        end = time.monotonic() + 2 * self._longest_s
        while True:
            self._begun[attempt] = time.monotonic(), Bell(), threading.get_native_id()
            fork = self._fork_under_way()
            if is_nested or fork is None or time.monotonic() >= end:
                return
            self.leave(attempt)
            _wait(fork[1], min(fork[0], end))

    def leave(self, attempt: object) -> None:
        """Note that an attempt has ended."""
        begun = self._begun.pop(attempt, None)
        if begun is not None:
            begun[1].ring()

    def before_fork(self, own: Collection[object]) -> None:
        """Wait for the attempts that have just begun, except for those that fork themselves."""
        notice()
        start = time.monotonic()
        end, busy_end = start + self._longest_s, start + self._longest_busy_s
        self._forks[threading.get_ident()] = end + self._longest_busy_s, Bell()
        looked_at = set(own)
        # Again: who has waited at the gate for long begins after all.
        while new := [each for each in self._begun.copy().items() if each[0] not in looked_at]:
            for attempt, (at, ended, thread) in new:
                looked_at.add(attempt)
                _wait(ended, min(at + self._longest_s, end))
                _wait_while_busy(ended, min(at + self._longest_busy_s, busy_end), thread)

    def after_fork_in_parent(self) -> None:
        """Let attempts begin again."""
        fork = self._forks.pop(threading.get_ident(), None)
        if fork is not None:
            fork[1].ring()

    def _fork_under_way(self) -> tuple[float, Bell] | None:
        now = time.monotonic()
        return next((fork for fork in self._forks.copy().values() if fork[0] > now), None)


def _wait(bell: Bell, end: float) -> None:
    bell.wait(lambda: end - time.monotonic())


def _wait_while_busy(ended: Bell, end: float, thread: int) -> None:
    """Wait for an attempt for as long as its thread gets on, or would if it were its turn."""
    before = _busy_ns(thread)
    while before is not None and not ended.has_rung and time.monotonic() < end:
        _wait(ended, min(time.monotonic() + _LOOK_S, end))
        now = _busy_ns(thread)
        if now == before:
            return  # it waits for the network, say
        before = now


def _busy_ns(thread: int) -> int | None:
    """Tell for how long a thread has run and waited for its turn (proc(5)).

    ``None``: the system does not tell, or it is this thread.
    """
    if thread == threading.get_native_id():
        return None
    try:
        with open(f"/proc/self/task/{thread}/schedstat", "rb") as file:
            ran_ns, waited_ns, _ = file.read().split()
        return int(ran_ns) + int(waited_ns)
    except (OSError, ValueError):
        return None
