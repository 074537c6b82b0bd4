"""A fork waits for refresh attempts that have just begun, and none begins during one.

What an attempt does as it begins takes locks that are not ours: it imports modules, resolves names,
makes TLS contexts and connections. A child that is forked in the middle of that has such a lock
held for ever, and its own first attempt would wait for it. An attempt that has been under way for
longer waits for the network, and holds none.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection

from evercreds._fork import forget_in_child

__all__ = ["ForkGate"]


class ForkGate:
    """Keeps forks and the beginnings of attempts apart, for a bounded time.

    Args:
        longest_s: How long an attempt counts as one that has just begun; so long a fork waits at
            most. Default: one second.
    """

    def __init__(self, longest_s: float = 1.0) -> None:
        self._longest_s = longest_s
        self.after_fork()
        forget_in_child(self)

    def after_fork(self) -> None:
        """Begin anew in a child, where no attempt runs."""
        self._changed = threading.Condition()
        self._begun: dict[object, float] = {}
        self._forks = 0
        self._held_until = float("-inf")

    def enter(self, attempt: object, *, is_nested: bool) -> None:
        """Let an attempt begin, once no fork is under way.

        A nested one, which another attempt waits for, begins at once: the fork waits for both.
        """
        with self._changed:
            # Not for ever: the thread that forks may wait for this very attempt.
            left = self._held_until - time.monotonic()
            if left > 0 and not is_nested:
                self._changed.wait_for(lambda: self._forks == 0, left)
            self._begun[attempt] = time.monotonic()

    def leave(self, attempt: object) -> None:
        """Note that an attempt has ended."""
        with self._changed:
            self._begun.pop(attempt, None)
            self._changed.notify_all()

    def before_fork(self, own: Collection[object]) -> None:
        """Wait for the attempts that have just begun, except for those that fork themselves."""
        end = time.monotonic() + self._longest_s
        with self._changed:
            self._forks += 1
            self._held_until = end + self._longest_s
            while (left := self._wait_s(own, end)) > 0:
                self._changed.wait(left)

    def after_fork_in_parent(self) -> None:
        """Let attempts begin again."""
        with self._changed:
            self._forks = max(0, self._forks - 1)
            self._changed.notify_all()

    def _wait_s(self, own: Collection[object], end: float) -> float:
        begun = [at for attempt, at in self._begun.items() if attempt not in own]
        latest = max(begun, default=float("-inf"))
        return min(latest + self._longest_s, end) - time.monotonic()
