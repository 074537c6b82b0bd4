"""The same host for threads: real clocks, a timer, and a thread for each flight."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from host import Flight, Host, Lease, Need, Steps
from module import NEVER, N, halves

INSIDE: ContextVar[tuple[object, Flight] | None] = ContextVar("evercreds_flight", default=None)


@dataclass(frozen=True)
class Credentials:
    """What a source gives. ``expiry_ms`` is since the Unix epoch."""

    access_key: str
    secret_key: str
    token: str
    expiry_ms: int

    def fingerprint(self) -> int:
        """Return what the machine knows these credentials by."""
        digest = hashlib.sha256(f"{self.access_key}\0{self.token}".encode()).digest()
        return int.from_bytes(digest[:8], "big")


class Session:
    """A session with a custom source. ``speed`` makes both clocks run faster, for tests."""

    def __init__(
        self, wasm: Path, source: Callable[[], Credentials], speed: int = 1, **options: float
    ) -> None:
        self._source, self._speed = source, speed
        self._wall, self._start = time.time_ns(), time.monotonic_ns()
        self._due, self._changed = NEVER, threading.Condition()
        threading.Thread(target=self._keep_time, daemon=True).start()
        self.host = Host(wasm, self, {"method": N["METHOD_CUSTOM"]} | options, secrets.randbits(64))

    def credentials(self, rejected: Credentials | None = None) -> Credentials:
        """Return credentials; ``rejected`` are some that a service refused to this caller."""
        need = (
            Need(other=rejected.fingerprint(), evidence=N["EVIDENCE_STRONG"])
            if rejected
            else Need()
        )
        return self._wait(self.host.credentials(need, self._inside()))

    def refresh(self) -> Credentials:
        """Return new credentials."""
        return self._wait(self.host.refresh(self._inside()))

    def close(self) -> None:
        """End all waits and the timer."""
        self.host.put("session_close")
        self.arm(-1)

    def _inside(self) -> Flight | None:
        marked = INSIDE.get()
        return marked[1] if marked and marked[0] is self else None

    def _wait(self, steps: Steps) -> Credentials:
        try:
            bell, deadline = next(steps)
            while True:
                left = (
                    None
                    if deadline == NEVER
                    else max(0, deadline - self.now()[1]) / 1000 / self._speed
                )
                try:
                    bell.wait(left)
                except BaseException:  # such as KeyboardInterrupt
                    steps.send(True)
                    raise
                bell, deadline = steps.send(False)
        except StopIteration as end:
            lease: Lease = end.value
            credentials: Credentials = lease.set
            return credentials

    # What the host needs.

    def now(self) -> tuple[int, int]:
        """Return both clocks; the elapsed one counts from here on."""
        elapsed = (time.monotonic_ns() - self._start) * self._speed
        return (self._wall + elapsed) // 1_000_000, elapsed // 1_000_000

    def arm(self, instant: int) -> None:
        """Set the timer; below 0 it ends."""
        with self._changed:
            self._due = instant
            self._changed.notify()

    def _keep_time(self) -> None:
        while True:
            with self._changed:
                if self._due < 0:
                    return
                left = (self._due - self.now()[1]) / 1000 / self._speed
                if left > 0:
                    self._changed.wait(None if self._due == NEVER else left)
                    continue
                self._due = NEVER
            self.host.wake()

    def start(self, flight: Flight) -> None:
        """Run the source in a thread of its own."""
        threading.Thread(target=self._attempt, args=(flight,), daemon=True).start()

    def _attempt(self, flight: Flight) -> None:
        INSIDE.set((self, flight))
        try:
            new = self._source()
            args = (new.expiry_ms, *halves(new.fingerprint()), 0, 0)
        except Exception:  # whatever is wrong with it, the flight reports once
            self.host.report(flight, "fail", (N["CLASS_RECOVERABLE"], N["CODE_SOURCE"], 0))
        except BaseException:
            self.host.report(flight, "abandon")
            raise
        else:
            self.host.report(flight, "complete", args, new)

    def cancel(self, flight: Flight) -> None:
        """A source that runs in a thread cannot be ended from outside."""

    def told(self, *words: str) -> None:
        """Here a program would log."""
