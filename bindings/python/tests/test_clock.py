"""Waiting, by a clock that goes on while the machine sleeps."""

from __future__ import annotations

import signal
import threading

from conftest import rings, until
from evercreds._waiting.bell import Bell
from evercreds._waiting.clock import NANOS, SystemClock

HOUR_MS = 3_600_000
PATIENCE_S = 20.0


class SleepyClock(SystemClock):
    """The clock of a machine that falls asleep when somebody begins to wait, for some time."""

    def __init__(self, sleep_ms: int) -> None:
        super().__init__()
        self._ahead_ns = 0
        elapsed_ns = self.elapsed_ns

        def ahead_ns() -> int:
            now = elapsed_ns() + self._ahead_ns
            self._ahead_ns = sleep_ms * NANOS
            return now

        self.elapsed_ns = ahead_ns


def waits(clock: SystemClock, bell: Bell, until_ms: int) -> threading.Thread:
    """Start a thread that waits."""
    thread = threading.Thread(target=clock.wait, args=(bell, until_ms), daemon=True)
    thread.start()
    return thread


def now_ms(clock: SystemClock) -> int:
    return clock.elapsed_ns() // NANOS


def test_the_time_that_the_machine_sleeps_counts() -> None:
    begin_ms = now_ms(SystemClock())
    thread = waits(SleepyClock(2 * HOUR_MS), Bell(), begin_ms + HOUR_MS)
    thread.join(PATIENCE_S)
    assert not thread.is_alive(), "what was to end an hour later has not ended"


def test_it_ends_with_the_event() -> None:
    clock, bell = SystemClock(), Bell()
    thread = waits(clock, bell, now_ms(clock) + HOUR_MS)
    thread.join(2.5)
    assert thread.is_alive(), "it ended with nothing"
    bell.ring()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def test_it_ends_when_the_time_is_over_and_not_earlier() -> None:
    clock, bell = SystemClock(), Bell()
    for ms in (-HOUR_MS, 0, 30, 1200):
        until_ms = now_ms(clock) + ms
        clock.wait(bell, until_ms)
        assert now_ms(clock) >= until_ms
    clock.wait(bell, now_ms(clock) - HOUR_MS)


def test_a_signal_that_another_thread_gets_is_heeded() -> None:
    """Python runs handlers in the main thread, whose wait does not end for such a signal."""
    clock, bell, given_up = SystemClock(), Bell(), threading.Event()
    begun_ms = now_ms(clock)

    def get_signal() -> None:
        until(lambda: now_ms(clock) > begun_ms + 200)
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
        if not rings(bell, PATIENCE_S):
            given_up.set()
            bell.ring()

    before = signal.signal(signal.SIGUSR1, lambda *_: bell.ring())
    thread = threading.Thread(target=get_signal, daemon=True)
    try:
        thread.start()
        clock.wait(bell, begun_ms + HOUR_MS)
        thread.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert not given_up.is_set(), "the handler did not run"
