"""A host (docs/reference/host.md): the loop, without a thread or a clock of its own."""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

from module import NEVER, Module, N, halves
from sharing import Sharing
from words import NAMES, telling


class Refused(Exception):
    """An option or a parameter is out of range."""


class Failed(Exception):
    """The session has no credentials for this caller."""

    def __init__(self, code: str, error_class: str = "", retry_at: int = 0) -> None:
        super().__init__(code)
        self.code, self.error_class, self.retry_at = code, error_class, retry_at


class GaveUp(Exception):
    """The caller has stopped waiting."""


@dataclass(frozen=True)
class Need:
    """What a caller needs, as ``ask`` takes it."""

    min_ttl: int = 0
    other: int = 0
    evidence: int = 0
    until: int = NEVER

    def args(self) -> tuple[int, ...]:
        """Return what ``leave`` takes; ``ask`` and ``answer`` also take ``until``."""
        return self.min_ttl, *halves(self.other), self.evidence


@dataclass(frozen=True)
class Lease:
    """A set, and until when it is served without a call of the machine."""

    set: Any  # what the source gave: the machine never sees it
    expiry: int
    elapsed: int
    wall: int


@dataclass(eq=False)
class Flight:
    """A flight that was started."""

    ticket: int
    cancelled: bool = False
    over: bool = False


Steps = Generator[tuple[threading.Event, int], bool, Lease]
Args = tuple[int, ...]


class Host:
    """One session. ``around`` has what it needs: clocks, a timer, source, store, listener."""

    def __init__(self, wasm: Path, around: Any, options: dict[str, float], seed: int) -> None:
        self._wasm, self.around, self.machine = wasm, around, Module(wasm)
        self.lock = threading.RLock()
        self._jobs: deque[Callable[[], None]] = deque()
        self._emptying = self._closed = False
        self._lease: Lease | None = None
        self.sets: dict[int, Any] = {}
        self._flights: dict[int, Flight] = {}
        self._bells: dict[int, threading.Event] = {}
        self._pause = threading.Event()
        self._armed = NEVER
        self.sharing = Sharing(self)
        self._session = self.machine.call("session_new")
        for name, value in options.items():
            self._accept(
                self.machine.call("session_option", self._session, N["OPT_" + name.upper()], value)
            )
        with self.lock:
            self._accept(
                self.machine.call("session_open", self._session, *around.now(), *halves(seed))
            )
            self._apply()
            self._keep_snapshot()
        self.empty_queue()

    def _accept(self, result: int) -> None:
        if result < 0:
            raise Refused(NAMES["OPT_"][N["ERR_OPTION_VALUE"] - result])

    # A caller is a generator, so that a thread, a task and a script of events can all run it:
    # it yields the bell that it sleeps on and the end of its sleep, is sent whether it gives up,
    # and returns a lease.

    def credentials(self, need: Need, inside: Flight | None = None) -> Steps:
        """Get credentials; ``inside`` is the flight whose attempt asks for them."""
        lease, (wall, elapsed) = self._lease, self.around.now()
        if (
            not (need.min_ttl or need.evidence)
            and lease
            and elapsed < lease.elapsed
            and wall < lease.wall
        ):
            return lease
        if not 0 <= need.min_ttl <= N["MIN_TTL_MAX_MS"]:
            raise Refused("min_ttl")
        return (yield from self._follow(need, inside, forced=False))

    def refresh(self, inside: Flight | None = None) -> Steps:
        """Get new credentials now."""
        return (yield from self._follow(Need(), inside, forced=True))

    def _follow(self, need: Need, inside: Flight | None, forced: bool) -> Steps:
        if inside and not inside.over:
            raise Failed("reentrant")
        ticket = 0
        while True:
            if ticket:
                put = self.put("answer", (ticket,), (*need.args(), need.until, int(forced)))
            else:
                put = (
                    self.put("force") if forced else self.put("ask", (), (*need.args(), need.until))
                )
            d, granted, bell, machine = put
            if granted:
                return cast(Lease, granted)
            if d.kind == N["KIND_ERROR"]:
                raise Failed(NAMES["CODE_"][d.code], NAMES["CLASS_"][d.error_class], d.retry_at_ms)
            need = replace(need, until=d.until_ms)
            if (yield bell, d.deadline_ms):
                granted = None if forced else self.put("leave", (), need.args())[1]
                if granted:
                    return cast(Lease, granted)
                raise GaveUp
            ticket = d.ticket if machine is self.machine else 0

    def invalidate(self, fingerprint: int) -> None:
        """Give a set up for all callers."""
        self.put("invalidate", halves(fingerprint))

    def status(self, name: str) -> int:
        """Return the field ``STATUS_NAME``."""
        with self.lock:
            return self.machine.call(
                "session_status", self._session, *self.around.now(), N["STATUS_" + name]
            )

    def put(self, event: str, before: Args = (), after: Args = ()) -> Any:
        """Give the machine an event; ``before`` and ``after`` stand around the clocks."""
        with self.lock:
            answer = self.put_locked(event, before, after)
        self.empty_queue()
        return answer

    def put_locked(self, event: str, before: Args, after: Args) -> Any:
        """The same for who has the lock; ``ERR_ARGUMENT`` is an answer, too."""
        now = () if event == "session_close" else self.around.now()
        result = self.machine.call(event, self._session, *before, *now, *after)
        if result == N["ERR_ARGUMENT"]:
            return result
        assert result >= 0, f"{event}: {result}"
        answer = self._apply()
        if event == "session_close" and not self._closed:
            self._closed = True
            self.tell("close")
        if answer[0].is_void or answer[0].started or answer[0].notes:
            self._keep_snapshot()
        return answer

    def _apply(self) -> tuple[Any, Lease | None, threading.Event | None, Module]:
        d = self.machine.decision()
        if d.is_void:
            self._void()
        if d.settled and (settled := self._bells.pop(d.settled, None)):
            settled.set()
        if d.cancelled and (cancelled := self._flights.get(d.cancelled)):
            self._cancel(cancelled)
        if d.started:
            flight = self._flights[d.started] = Flight(d.started)
            self.queue(self.around.start, flight)
        if d.share:
            self.sharing.ask(d, self.around.now()[1])
        granted = bell = None
        if d.kind in (N["KIND_SERVE"], N["KIND_SERVE_AND_REFRESH"]):
            granted = Lease(self.sets[d.set], d.expiry_ms, d.lease_elapsed_ms, d.lease_wall_ms)
            self._lease = granted
        elif d.kind in (N["KIND_WAIT"], N["KIND_REFRESH"], N["KIND_REFRESH_INLINE"]):
            bell = self._bells.setdefault(d.ticket, threading.Event()) if d.ticket else self._pause
        self.sets = {ticket: kept for ticket, kept in self.sets.items() if ticket == d.held}
        if d.next_wake_ms != self._armed:
            self._armed = d.next_wake_ms
            self.around.arm(d.next_wake_ms)
        for words in telling(d, self.status, self.sharing.trouble):
            self.tell(*words)
        return d, granted, bell, self.machine

    def _void(self) -> None:
        self._lease = None
        self._pause.set()
        self._pause = threading.Event()

    def _cancel(self, flight: Flight) -> None:
        if not flight.cancelled:
            flight.cancelled = True
            self.queue(self.around.cancel, flight)

    def wake(self) -> None:
        """Do what the timer was armed for."""
        with self.lock:
            self._armed = NEVER
        self.put("wake")

    # Code that is not the host's runs outside the lock, in the order of the queue.

    def queue(self, job: Callable[..., None], *args: Any) -> None:
        """Do this when the lock is free."""
        self._jobs.append(partial(job, *args))

    def tell(self, *words: str) -> None:
        """Tell the listener an event."""
        self.queue(self.around.told, *words)

    def empty_queue(self) -> None:
        """Do what is queued, unless another thread, or a caller of this one, is at it."""
        with self.lock:
            if self._emptying:
                return
            self._emptying = True
        while True:
            with self.lock:
                if not self._jobs:
                    self._emptying = False
                    return
                job = self._jobs.popleft()
            job()

    def report(self, flight: Flight, event: str, args: Args = (), kept: Any = None) -> None:
        """End a flight: ``complete`` with the set that it brought, ``fail`` or ``abandon``."""
        with self.lock:
            flight.over = True
            if self._flights.pop(flight.ticket, None):  # a restore has not lost it
                if kept is not None:
                    self.sets[flight.ticket] = kept
                result = self.put_locked(event, (flight.ticket,), args)
                if result == N["ERR_ARGUMENT"] and event == "complete":
                    malformed = (N["CLASS_RECOVERABLE"], N["CODE_MALFORMED"], 0)
                    result = self.put_locked("fail", (flight.ticket,), malformed)
                if result == N["ERR_ARGUMENT"]:
                    self.put_locked("abandon", (flight.ticket,), ())
        self.empty_queue()

    def prompted(self, flight: Flight) -> None:
        """Say that the person whom the source asked has answered."""
        self.put("prompted", (flight.ticket,))

    def _keep_snapshot(self) -> None:
        self._snapshot = self.machine.read(self.machine.call("session_snapshot", self._session, 0))

    def restore(self) -> None:
        """Go on with a new machine."""
        with self.lock:
            self.machine = Module(self._wasm)
            self._void()
            for bell in self._bells.values():
                bell.set()
            for flight in self._flights.values():
                self._cancel(flight)
            self._bells, self._flights = {}, {}
            size, seed = self.machine.write(self._snapshot), secrets.randbits(64)
            self._session = self.machine.call(
                "session_restore", size, *self.around.now(), *halves(seed)
            )
            assert self._session > 0, self._session
            self._apply()
            self._keep_snapshot()
        self.empty_queue()
