"""The shared library: found, fitting, and survived."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT
from evercreds import EvercredsLibraryError, RefreshableSession
from evercreds._library import abi_generated as abi
from evercreds._library import loading as _library

SUFFIX = ".dylib" if sys.platform == "darwin" else ".so"


def test_a_missing_library_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EVERCREDS_LIBRARY", str(tmp_path / "none.so"))
    with pytest.raises(EvercredsLibraryError, match=r"none\.so.*EVERCREDS_LIBRARY") as caught:
        _library._Loader().get()
    assert caught.value.code == "missing"


def test_a_file_that_is_no_library_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.so"
    wrong.write_bytes(b"not a library")
    monkeypatch.setenv("EVERCREDS_LIBRARY", str(wrong))
    with pytest.raises(EvercredsLibraryError, match="cannot be loaded"):
        _library._Loader().get()


@pytest.mark.parametrize(("major", "minor"), [(3, 0), (2, 99)])
def test_both_versions_are_told_where_they_do_not_fit(
    monkeypatch: pytest.MonkeyPatch, major: int, minor: int
) -> None:
    monkeypatch.setattr(abi, "ABI_MAJOR", major)
    monkeypatch.setattr(abi, "ABI_MINOR", minor)
    with pytest.raises(EvercredsLibraryError) as caught:
        _library._Loader().get()
    assert caught.value.code == "version"
    assert "version 2.0" in str(caught.value)
    assert f"version {major}.{minor}" in str(caught.value)


def test_musl_gets_an_explanation(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"SOABI": "cpython-312-x86_64-linux-musl", "HOST_GNU_TYPE": "x86_64-pc-linux-musl"}
    monkeypatch.setattr(_library.sysconfig, "get_config_var", values.get)
    with pytest.raises(EvercredsLibraryError, match="glibc") as caught:
        _library._Loader().get()
    assert caught.value.code == "musl"


PANIC = """
import datetime, threading
from evercreds import EvercredsLibraryError, RefreshableSession
from evercreds._library.loading import library

def soon():
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)

calls = []
def provider():
    calls.append(1)
    return dict(access_key=f"A{len(calls)}", secret_key="s", token="t", expiry_time=soon())

session = RefreshableSession(method="custom", custom_credentials_method=provider)
other = RefreshableSession(method="custom", custom_credentials_method=provider)
first = session.credentials
panic = library().evercreds_test_panic

def poison():
    assert panic(session._host.loop._machine._handle.number) == -3
    assert library().evercreds_wake(session._host.loop._machine._handle.number, 0, 0, None) < 0

poison()
assert session.credentials == first, "what was held is held"
assert session.status().counters["installs"] == 1
poison()
session.refresh()
assert session.credentials["access_key"] == "A2"
poison()
assert session.status().phase == "fresh"
poison()
session.invalidate()
assert session.credentials["access_key"] == "A3"
assert other.credentials["access_key"] == "A4"

# In the middle of a flight: who waits for it asks again.
def slow():
    started.set()
    release.wait(20)
    return provider()

started, release = threading.Event(), threading.Event()
third = RefreshableSession(method="custom", custom_credentials_method=slow)
outcome = []
waiter = threading.Thread(target=lambda: outcome.append(third.credentials["access_key"]))
waiter.start()
started.wait(20)
started.clear()
assert panic(third._host.loop._machine._handle.number) == -3
third.status()
assert started.wait(60), "nobody has asked again"
release.set()
waiter.join(60)
assert outcome and outcome[0][0] == "A", outcome

# Again and again, also while it is being restored: who waits is told in any case.
machine = third._host.loop._machine
keep = machine.keep_snapshot
failures = [1, 1]

def keep_unless_it_fails():
    if failures:
        failures.pop()
        panic(machine._handle.number)
    keep()

started.clear()
release.clear()
waiter = threading.Thread(target=third.refresh, daemon=True)
waiter.start()
assert started.wait(60)
flight, = third._host.loop.flights
panic(machine._handle.number)
machine.keep_snapshot = keep_unless_it_fails
try:
    third.status()
except EvercredsLibraryError:
    assert not failures
else:
    raise AssertionError("what failed three times has gone well")
assert flight.bell.has_rung and flight.is_lost, "a waiter was forgotten"
release.set()
waiter.join(60)
assert not waiter.is_alive()
failures[:] = [1]
panic(machine._handle.number)
assert third.status().phase == "fresh" and not failures
session.close()
print("well")
"""


def test_a_failure_in_the_library_costs_one_restore() -> None:
    library = ROOT / "build" / f"libevercreds_panic{SUFFIX}"
    if not library.exists():
        pytest.skip("build/libevercreds_panic is not built (./task build:panic)")
    done = subprocess.run(
        [sys.executable, "-c", PANIC],
        env=os.environ | {"EVERCREDS_LIBRARY": str(library)},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.stdout == "well\n", done.stderr


def test_sessions_give_their_handles_back() -> None:
    expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    reply = {"access_key": "a", "secret_key": "b", "token": "c", "expiry_time": expiry}
    lib = _library.library()
    session = RefreshableSession(method="custom", custom_credentials_method=lambda: reply)
    session.refresh()
    number = session._host.loop._machine._handle.number
    wall, elapsed = session._host.loop._machine._now()
    assert lib.evercreds_session_status(number, wall, elapsed, abi.Status.INSTALLS) == 1
    import gc

    del session
    gc.collect()
    gone = lib.evercreds_session_status(number, wall, elapsed, abi.Status.INSTALLS)
    assert gone == abi.Result.ERR_HANDLE
