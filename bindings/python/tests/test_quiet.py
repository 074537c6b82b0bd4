"""No fork takes place while a thread is in native code, whose locks nothing could free later."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from conftest import ended_well, in_child, until, wanted
from evercreds._fork import quiet as _quiet
from evercreds._fork.children import quiet
from evercreds._fork.quiet import Quiet

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not _quiet._can_tell(),
    reason="this system does not tell which threads run, or this Python has no GIL",
)

SIZE = 64 << 20  # for some tenths of a second
# So many that they will not all be zeros by chance.
FIRST, LAST = slice(16), slice(SIZE - 16, SIZE)


@contextmanager
def in_native_code(watched: Quiet) -> Iterator[Any]:
    """Have another thread fill memory without Python's lock: at its end comes the last byte."""
    memory = (ctypes.c_char * SIZE)()
    libc = ctypes.CDLL(None)
    begins = threading.Event()

    def fill() -> None:
        watched.watch("filling")
        begins.set()
        done = 0
        while done < SIZE:
            done += libc.getrandom(ctypes.byref(memory, done), ctypes.c_size_t(SIZE - done), 0)
        watched.forget("filling")

    thread = threading.Thread(target=fill)
    thread.start()
    assert begins.wait(60)
    until(lambda: any(memory[FIRST]))
    yield memory
    thread.join(60)


def test_a_fork_waits_for_native_code_of_an_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet, "_longest_s", 60)  # on a busy machine, too
    before = sys.getswitchinterval()
    with in_native_code(quiet) as memory:

        def child() -> None:
            assert any(memory[LAST]), "it is in the midst of it"
            assert sys.getswitchinterval() == before
            assert quiet._threads == {}

        assert ended_well(in_child(child))
        assert sys.getswitchinterval() == before


def test_it_waits_for_others_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet, "_longest_for_others_s", 60)
    with in_native_code(Quiet()) as memory:
        assert ended_well(in_child(lambda: wanted(any(memory[LAST]))))


@pytest.mark.parametrize("is_of_an_attempt", [False, True])
def test_native_code_delays_a_fork_briefly(
    monkeypatch: pytest.MonkeyPatch, is_of_an_attempt: bool
) -> None:
    monkeypatch.setattr(_quiet._Look, "is_at_rest", lambda *_: False)
    # What the other kind is given must not be what ends it.
    watched = Quiet(0.05, 0.02) if is_of_an_attempt else Quiet(120, 0.02)
    with in_native_code(watched if is_of_an_attempt else Quiet()):
        begin = time.monotonic()
        watched.before_fork()
        watched.after_fork()
        assert time.monotonic() - begin < 60


def test_who_waits_for_the_network_is_not_waited_for() -> None:
    watched = Quiet(120, 0.02)
    reading, writing = os.pipe()
    begins = threading.Event()

    def wait() -> None:
        watched.watch("waiting")
        begins.set()
        os.read(reading, 1)
        watched.forget("waiting")

    thread = threading.Thread(target=wait)
    thread.start()
    assert begins.wait(60)
    begin = time.monotonic()
    watched.before_fork()
    watched.after_fork()
    assert time.monotonic() - begin < 60
    os.write(writing, b"x")
    thread.join(60)
    os.close(reading)
    os.close(writing)


def test_where_nothing_can_be_told_a_fork_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: str) -> list[str]:
        raise OSError("Too many open files")

    monkeypatch.setattr(os, "listdir", fails)
    before = sys.getswitchinterval()
    assert ended_well(in_child(lambda: wanted(sys.getswitchinterval() == before)))


def test_two_forks_at_once_restore_the_switch_interval() -> None:
    before = sys.getswitchinterval()
    with in_native_code(Quiet()):
        both = Quiet(0.02)
        both.before_fork()
        both.before_fork()
        both.after_fork()
        both.after_fork()
        assert sys.getswitchinterval() == before


def test_a_thread_that_has_ended_is_at_rest() -> None:
    assert _quiet._Look().is_at_rest(2**22 + 1)  # above the greatest number (proc(5): pid_max)
