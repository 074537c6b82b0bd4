"""What a fork waits for: attempts that have just begun, and locks that others hold."""

from __future__ import annotations

import itertools
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from conftest import ROOT, ended_well, in_child, until, wanted
from evercreds._fork import gate as _gate
from evercreds._fork.children import HeldOverForks
from evercreds._fork.gate import ForkGate
from evercreds._library import loading as _library
from evercreds._library import wasm as _wasm

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


class TestGate:
    """Forks and the beginnings of attempts keep apart, but not for long."""

    def test_an_attempt_that_hangs_holds_no_fork_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        now_s, waits_s = 0.0, []

        def wait(_: Any, end_s: float) -> None:
            nonlocal now_s
            waits_s.append(max(0.0, end_s - now_s))
            now_s = max(now_s, end_s)

        monkeypatch.setattr(_gate, "time", SimpleNamespace(monotonic=lambda: now_s))
        monkeypatch.setattr(_gate, "_wait", wait)
        gate = ForkGate(1)
        gate.enter("hanging", is_nested=False)
        for _ in range(3):
            gate.before_fork([])
            gate.after_fork_in_parent()
        assert waits_s == [1, 0, 0], "it was waited for before"

    def test_an_attempt_begins_after_the_fork(self) -> None:
        gate, order = ForkGate(60), []
        gate.before_fork([])

        def begin() -> None:
            gate.enter("late", is_nested=False)
            order.append("begun")

        late = threading.Thread(target=begin)
        late.start()
        gate.enter("of an attempt under way", is_nested=True)
        time.sleep(0.1)
        order.append("forked")
        gate.after_fork_in_parent()
        late.join(60)
        assert order == ["forked", "begun"]

    def test_a_fork_waits_for_an_attempt_that_has_just_begun(self) -> None:
        gate, order = ForkGate(60), []
        gate.enter("young", is_nested=False)

        def fork() -> None:
            gate.before_fork([])
            order.append("forked")
            gate.after_fork_in_parent()

        forking = threading.Thread(target=fork)
        forking.start()
        time.sleep(0.1)
        order.append("ended")
        gate.leave("young")
        forking.join(60)
        assert order == ["ended", "forked"]

    @pytest.mark.skipif(sys.platform != "linux", reason="only there the system tells")
    def test_a_fork_waits_longer_for_an_attempt_that_gets_few_turns(self) -> None:
        gate, order, begun = ForkGate(0.05, 120), [], threading.Event()

        def attempt() -> None:
            gate.enter("slow", is_nested=False)
            begun.set()
            end = time.monotonic() + 0.5
            while time.monotonic() < end:
                pass
            order.append("ended")
            gate.leave("slow")

        slow = threading.Thread(target=attempt)
        slow.start()
        assert begun.wait(60)
        gate.before_fork([])
        order.append("forked")
        gate.after_fork_in_parent()
        slow.join(60)
        assert order == ["ended", "forked"]

    def test_a_fork_waits_no_longer_for_an_attempt_at_rest(self) -> None:
        gate, begun, may_end = ForkGate(0.05, 120), threading.Event(), threading.Event()

        def attempt() -> None:
            gate.enter("hanging", is_nested=False)
            begun.set()
            may_end.wait(180)

        hanging = threading.Thread(target=attempt)
        hanging.start()
        assert begun.wait(60)
        begin = time.monotonic()
        gate.before_fork([])
        gate.after_fork_in_parent()
        assert time.monotonic() - begin < 60
        may_end.set()
        hanging.join(60)

    def test_who_forks_in_an_attempt_does_not_wait_for_it(self) -> None:
        gate = ForkGate(120)
        gate.enter("own", is_nested=False)
        begin = time.monotonic()
        gate.before_fork(["own"])
        assert time.monotonic() - begin < 60


@contextmanager
def holding(lock: Any, seconds: float) -> Iterator[list[str]]:
    """Have another thread hold a lock for this time at most; tell when it has given it back."""
    told: list[str] = []
    has_it, is_over = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            has_it.set()
            is_over.wait(seconds)
            told.append("given back")

    thread = threading.Thread(target=hold)
    thread.start()
    assert has_it.wait(60)
    yield told
    is_over.set()
    thread.join(60)


class TestHeldOverForks:
    """A fork takes place while no other thread holds the lock, or after a bounded time."""

    def test_a_fork_waits_for_who_holds_it(self) -> None:
        lock = threading.RLock()
        held = HeldOverForks(lock, 60)
        with holding(lock, 0.2) as told:

            def child() -> None:
                assert told == ["given back"]
                assert held.after_fork()

            assert ended_well(in_child(child))
        with holding(lock, 0):
            pass  # others can have it again

    def test_who_holds_it_for_long_holds_no_fork_up(self) -> None:
        lock = threading.RLock()
        held = HeldOverForks(lock, 0.1)
        with holding(lock, 120) as told:

            def child() -> None:
                assert told == []
                assert not held.after_fork()

            assert ended_well(in_child(child))

    def test_who_holds_it_may_fork(self) -> None:
        lock = threading.RLock()
        held = HeldOverForks(lock, 120)
        begin = time.monotonic()
        with lock:
            assert ended_well(in_child(lambda: wanted(held.after_fork())))
            with pytest.raises(AssertionError):
                in_another_thread_at_once(lock)
        assert time.monotonic() - begin < 60
        in_another_thread_at_once(lock)


def in_another_thread_at_once(lock: Any) -> None:
    """Assert that another thread can have it."""
    had: list[bool] = []

    def take() -> None:
        had.append(lock.acquire(blocking=False))
        if had[0]:
            lock.release()

    thread = threading.Thread(target=take)
    thread.start()
    thread.join(60)
    assert had == [True]


def test_a_fork_does_not_wait_for_all_that_begin_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts begin one after the other, and each thread always gets on."""
    run_ns = itertools.count()
    monkeypatch.setattr(_gate, "_busy_ns", lambda thread: next(run_ns))
    gate = ForkGate(longest_s=0.01, longest_busy_s=0.2)
    stop = threading.Event()

    def begin() -> None:
        for _ in range(500):
            gate.enter(object(), is_nested=True)
            if stop.wait(0.02):
                return

    others = threading.Thread(target=begin)
    others.start()
    try:
        until(lambda: bool(gate._begun))
        gate.before_fork(())
        assert others.is_alive()
        gate.after_fork_in_parent()
    finally:
        stop.set()
        others.join(60)


class TestLoading:
    """The library, while it is loaded or called."""

    def test_a_fork_waits_for_the_library_to_be_loaded(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        loader = _library._Loader()
        loading, loaded = threading.Event(), threading.Event()
        load = loader._load

        def slowly() -> Any:
            loading.set()
            time.sleep(0.2)
            library = load()
            loaded.set()
            return library

        monkeypatch.setattr(loader, "_load", slowly)
        first = threading.Thread(target=loader.get)
        first.start()
        assert loading.wait(60)
        assert ended_well(in_child(lambda: wanted(loaded.is_set())))
        first.join(60)

    def test_a_signal_handler_during_loading_loads_once(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What the handler has got is what all get: it may have sessions in it."""
        loader = _library._Loader()
        got: list[Any] = []

        def interrupted() -> Any:
            if not got:
                got.append(None)
                got[0] = loader.get()
            return object()

        monkeypatch.setattr(loader, "_load", interrupted)
        assert loader.get() is got[0]
        assert loader.get() is got[0]

    @pytest.mark.parametrize("is_long", [False, True])
    def test_a_child_shares_no_engine_that_was_in_use(self, is_long: bool) -> None:
        """The WebAssembly runtime has locks of its own, which nothing could free in the child."""
        pytest.importorskip("wasmtime")
        module = ROOT / "build" / "evercreds.wasm"
        if not module.exists():
            pytest.skip("build/evercreds.wasm is not built (./task build:wasm)")
        library = _wasm.WasmLibrary(module)
        library._held._longest_s = 0.1 if is_long else 20

        def child() -> None:
            assert _wasm._compiled.cache_info().currsize == (0 if is_long else 1)
            assert _wasm.WasmLibrary(module).evercreds_abi_version() > 0

        with holding(library._lock, 3 if is_long else 0.5):
            assert ended_well(in_child(child))
