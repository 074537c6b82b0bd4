"""However the interpreter ends, it ends soon, with its own exit code, and says nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from running import run

# Anything that Python has to say at its end counts as a failure.
FLAGS = ("-X", "dev", "-X", "faulthandler")

BEGIN = """
import atexit, gc, sys, threading, time, weakref
from concurrent.futures import ThreadPoolExecutor
from evercreds import RefreshableSession

calls = []
started = threading.Event()
never = threading.Event()

def expiry(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))

def provider(life=3600):
    calls.append(1)
    return dict(
        access_key=f"A{len(calls)}", secret_key="s", token="t", expiry_time=expiry(life)
    )

def hanging():
    started.set()
    never.wait(600)
    return provider()

def make(method=provider, **more):
    more = {"refresh_timeout": 300, **more}
    return RefreshableSession(method="custom", custom_credentials_method=method, **more)

def use(session):
    print(session.credentials["access_key"], flush=True)

class Late:
    # It holds what it needs: globals may have gone by then.
    def __init__(self, session):
        self.session, self.use = session, use
    def __del__(self):
        self.use(self.session)
"""

# There datetime, which whoever reads an expiry needs, crashes once the collector has had it (3.13),
# or what a provider calls of the standard library cannot import any more what it needs (3.14).
late = pytest.mark.skipif(
    sys.version_info[:2] in ((3, 13), (3, 14)), reason="Python's own library fails so late there"
)


def ended(source: str, code: int = 0, *flags: str) -> subprocess.CompletedProcess[str]:
    begun = time.monotonic()
    done = run(BEGIN + source, flags=flags or FLAGS, seconds=240)
    assert done.stderr == ""
    assert done.returncode == code
    assert time.monotonic() - begun < 180  # a refresh that nobody ends takes five minutes
    return done


HANGING = {
    "a caller waits": """
session = make(hanging)
threading.Thread(target=session.refresh, daemon=True).start()
""",
    "nobody waits": """
replies = [lambda: provider(3), hanging]
session = make(lambda: replies.pop(0)(), advisory_timeout=1, mandatory_timeout=0)
while not started.is_set():
    session.credentials
""",
    "an eager session": """
replies = [lambda: provider(3), hanging]
session = make(lambda: replies.pop(0)(), defer_refresh=False)
""",
}


@pytest.mark.parametrize("source", HANGING.values(), ids=HANGING.keys())
def test_an_attempt_under_way_keeps_no_process(source: str) -> None:
    ended(source + "\nassert started.wait(60)\nsys.exit(7)", 7)


@pytest.mark.parametrize("before", ["", "session.refresh(); session.invalidate()"])
@pytest.mark.parametrize(
    "source",
    [
        "atexit.register(use, session)",
        "late = weakref.WeakSet([session])\nweakref.finalize(late, use, session)",
        "threading.Thread(target=lambda: (time.sleep(0.3), use(session))).start()",
        "ThreadPoolExecutor(2).submit(lambda: (time.sleep(0.3), use(session)))",
        pytest.param("late = Late(session)", marks=late),
        pytest.param("late = Late(session)\nlate.itself = late", marks=late),
    ],
    ids=["atexit", "finalizer", "thread", "executor", "module-teardown", "cycle-at-teardown"],
)
def test_a_session_serves_to_the_end(source: str, before: str) -> None:
    done = ended(f"session = make()\n{before}\n{source}\n")
    assert done.stdout.split() == (["A2"] if before else ["A1"])


@late
def test_nobody_waits_for_what_a_stopped_thread_left_behind() -> None:
    """Neither its attempt, nor a lock that it held."""
    source = """
replies = [hanging, provider, provider]
session = make(lambda: replies.pop(0)())
threading.Thread(target=session.refresh, daemon=True).start()
assert started.wait(60)
gc.disable()  # so that it is collected at the end, when the other threads have stopped
late = Late(session)
late.itself = late
del late
"""
    assert ended(source).stdout == "A1\n"
    locked = "threading.Thread(target=session._host.loop._lock.acquire, daemon=True).start()"
    assert ended(f"{source}\n{locked}\ntime.sleep(0.2)").stdout == "A1\n"


def test_a_session_that_ends_with_its_program() -> None:
    ended(
        "session = make()\nuse(session)\nsession.itself = session\natexit.register(session.close)"
    )
    ended("with make(defer_refresh=False) as session:\n    use(session)\ndel session\ngc.collect()")


BUSY = """
session = make()

def work():
    while True:
        session.refresh()
        session.status()
        session.credentials

for _ in range(4):
    threading.Thread(target=work, daemon=True).start()
while len(calls) < 20:
    time.sleep(0.001)
gc.disable()
late = Late(session) if sys.version_info[:2] != (3, 13) else session
late.itself = late
del late
sys.exit(3)
"""


def test_daemon_threads_that_use_it_to_the_last() -> None:
    for _ in range(5):
        ended(BUSY, 3, "-X", "faulthandler")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_ends_as_a_program_does() -> None:
    ended(
        """
import os, warnings
warnings.simplefilter("ignore", DeprecationWarning)
session = make()
session.refresh()
pid = os.fork()
atexit.register(use, session)
if not pid:
    session.refresh()
    sys.exit(5)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5
"""
    )
