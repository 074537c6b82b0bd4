"""Signals reach the program while a caller waits for a refresh, and the refresh goes on."""

from __future__ import annotations

import signal
import subprocess

import pytest

from running import started

FLAGS = ["-X", "dev", "-X", "faulthandler", "-c"]

PROGRAM = """
import datetime, os, signal, sys, threading
from evercreds import RefreshableSession

signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
gate, calls = threading.Event(), []

def provider():
    calls.append(1)
    os.write(1, b"waiting\\n")  # a thread that dies within print() takes its lock along
    gate.wait(60)
    expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    return dict(access_key=f"A{len(calls)}", secret_key="s", token="t", expiry_time=expiry)

session = RefreshableSession(method="custom", custom_credentials_method=provider)
"""

GOES_ON = """
try:
    session.credentials
except KeyboardInterrupt:
    assert session.status().refreshing
    gate.set()
    print(session.credentials["access_key"], len(calls), flush=True)
"""

LEAVES = """
signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))
session.credentials
"""

HANDLES = """
def handle(*_):
    print("handled", session.status().refreshing, flush=True)
    gate.set()

signal.signal(signal.SIGUSR1, handle)
print(session.credentials["access_key"], flush=True)
"""


@pytest.mark.parametrize(
    ("source", "number", "said", "code"),
    [
        (GOES_ON, signal.SIGINT, "A1 1\n", 0),
        (LEAVES, signal.SIGTERM, "", 5),
        ("session.credentials", signal.SIGTERM, "", -signal.SIGTERM),
        (HANDLES, signal.SIGUSR1, "handled True\nA1\n", 0),
    ],
    ids=["interrupt", "exit", "default", "handler"],
)
def test_a_signal_to_a_process_that_waits(
    source: str, number: signal.Signals, said: str, code: int
) -> None:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with started([*FLAGS, PROGRAM + source], **pipes) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(number)
        output, errors = process.communicate(timeout=120)
    assert (output, errors) == (said, "")
    assert process.returncode == code
