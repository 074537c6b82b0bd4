"""Real threads, of which one runs at a time: whose turn it is, the test says.

A thread gives its turn up where the package may be interrupted with an effect: before it takes the
session's lock, where it waits for a flight, and in the source. So every interleaving of callers and
attempts can be played, played again, and made smaller.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

__all__ = ["Actor", "Stage", "TurnLock", "Vanished"]

_PATIENCE_S = 60


class Vanished(BaseException):
    """This thread has stayed in the parent, and the test goes on in the child."""


def _at_any_time() -> bool:
    return True


class Actor:
    """One thread, for as long as it does one piece of work."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.place = "begin"
        self.may_go_on: Callable[[], bool] = _at_any_time
        self.is_over = False
        self.is_vanished = False
        self.crash: BaseException | None = None
        self.go = threading.Semaphore(0)
        self.notes: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"<{self.name} at {self.place}>"


class Stage:
    """The threads of a history."""

    def __init__(self) -> None:
        self.actors: list[Actor] = []
        self._here = threading.local()
        self._back = threading.Semaphore(0)

    @property
    def current(self) -> Actor | None:
        """Whose turn it is; None: the test itself runs."""
        return getattr(self._here, "actor", None)

    def begin(
        self, name: str, work: Callable[[], None], start: Callable[[Callable[[], None]], None]
    ) -> Actor:
        """Have ``start`` run this work in another thread, when its turn comes."""
        actor, has_come = Actor(name), threading.Event()

        def play() -> None:
            self._here.actor = actor
            has_come.set()
            try:
                self._take_turn(actor)
                work()
            except Vanished:
                pass
            except BaseException as error:
                actor.crash = error
            finally:
                self._here.actor = None  # a thread may go on to other work
                actor.is_over = True
                self._back.release()

        start(play)
        assert has_come.wait(_PATIENCE_S), f"{name} does not begin"
        self.actors.append(actor)
        return actor

    def enter(self, name: str, work: Callable[[], None]) -> Actor:
        """Have a new thread do this work, when its turn comes."""
        return self.begin(
            name, work, lambda play: threading.Thread(target=play, name=name, daemon=True).start()
        )

    def park(self, place: str, may_go_on: Callable[[], bool] = _at_any_time) -> None:
        """Give the turn up, until it comes again; the test itself does not."""
        actor = self.current
        if actor is None:
            return
        if actor.is_vanished:
            raise Vanished
        actor.place, actor.may_go_on = place, may_go_on
        self._back.release()
        self._take_turn(actor)
        actor.place = "runs"

    def _take_turn(self, actor: Actor) -> None:
        if not actor.go.acquire(timeout=_PATIENCE_S):
            raise Vanished  # the test has failed meanwhile, and left
        if actor.is_vanished:
            raise Vanished

    def waiting(self) -> list[Actor]:
        """Who can go on now."""
        return [actor for actor in self.actors if actor.may_go_on()]

    def turn(self, actor: Actor) -> None:
        """Let this one go on until it gives its turn up again, or is done."""
        actor.go.release()
        assert self._back.acquire(timeout=_PATIENCE_S), f"{actor} hangs"
        if actor.is_over:
            self.actors.remove(actor)
        if actor.crash is not None:
            raise actor.crash

    def vanish(self) -> None:
        """Have all the threads end here and now, whatever they are doing."""
        for actor in list(self.actors):
            actor.is_vanished = True
            actor.crash = None
            self.turn(actor)
        assert not self.actors, "a thread goes on that has vanished"


class TurnLock:
    """A session's lock, before which everybody lets the others go first."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._lock = threading.Lock()

    def _is_owned(self) -> bool:
        return False  # nobody comes in the midst of an event here

    def __enter__(self) -> None:
        self._stage.park("lock")
        assert self._lock.acquire(timeout=_PATIENCE_S), "the lock is held for ever"

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._lock.release()
