"""Programs that gevent or eventlet has patched, after which a lock is another thing."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

import pytest

from running import PROGRAMS, run

# More of them: ./task test:python-proofs
SCENES = int(os.environ.get("EVERCREDS_GREENLET_SCENES", "24"))


@pytest.mark.parametrize("hub", ["gevent", "eventlet"])
def test_nobody_who_waits_is_forgotten(hub: str) -> None:
    """`five ask; source answers after exactly half a second, one, two, or some time; all go on`."""
    if find_spec(hub) is None:
        pytest.skip(f"{hub} is not installed")
    source = (PROGRAMS / "greenlets.py").read_text()
    # At its end eventlet warns that it is not to be used for new programs.
    done = run(source, hub, str(SCENES), "1", flags=["-W", "ignore"], seconds=180 + SCENES)
    print(done.stdout)
    assert done.stdout == f"{hub}: {SCENES} sessions, 0 of {SCENES * 5} stuck True\n", done.stderr


PROGRAM = """
import datetime, time
from evercreds import RefreshableSession

life = datetime.timedelta(hours=1)

def fetch():
    time.sleep(0.3)
    expiry = datetime.datetime.now(datetime.timezone.utc) + life
    return {"access_key": "a", "secret_key": "b", "token": "c", "expiry_time": expiry}

def session(**more):
    return RefreshableSession(method="custom", custom_credentials_method=fetch, **more)

"""

LATE = """
early = session(defer_refresh=False)  # its threads, and the timer's, are the system's
early.refresh()
from gevent import monkey
monkey.patch_all()
import gevent

turns = []
def work():
    while True:
        turns.append(1)
        gevent.sleep(0.01)

gevent.spawn(work)
late = session(defer_refresh=False)
for each in (early, late) * 5:
    waiting = [gevent.spawn(each.refresh) for _ in range(5)]
    gevent.joinall(waiting, timeout=60, raise_error=True)
    assert all(one.ready() for one in waiting)
print(len(turns) > 10)
"""


def test_a_program_that_is_patched_after_its_first_refresh() -> None:
    """`A asks; gevent patches; five ask`: the hub goes on while they wait."""
    if find_spec("gevent") is None:
        pytest.skip("gevent is not installed")
    done = run(PROGRAM + LATE, flags=["-W", "ignore"], seconds=120)
    assert done.stdout == "True\n", done.stderr


POOL = """
from gevent import monkey
monkey.patch_all()
import gevent

one, eager = session(), session(defer_refresh=False)
pool = gevent.get_hub().threadpool
for each in (one, eager):
    pool.apply(each.refresh)
    waiting = [gevent.spawn(each.refresh) for _ in range(5)]
    gevent.joinall(waiting, timeout=60, raise_error=True)
    assert all(waiter.ready() for waiter in waiting)
    pool.apply(each.refresh)

# what a thread of the pool begins in the background goes on when that thread is idle
life = datetime.timedelta(seconds=20)
windows = {"advisory_timeout": 15, "mandatory_timeout": 1, "jitter": False, "refresh_timeout": 60}
ahead = session(**windows)
ahead.refresh()
time.sleep(5.5)
installs = ahead.status().counters["installs"]
pool.apply(ahead.get_credentials().get_frozen_credentials)
end = time.monotonic() + 60
while time.monotonic() < end and ahead.status().counters["installs"] == installs:
    time.sleep(0.05)
assert ahead.status().counters["installs"] == installs + 1
print(True)
"""


def test_a_greenlet_asks_after_a_thread_of_the_hubs_pool() -> None:
    """`A asks in a thread; source answers; five greenlets ask`: none is left to that thread."""
    if find_spec("gevent") is None:
        pytest.skip("gevent is not installed")
    done = run(PROGRAM + POOL, flags=["-W", "ignore"], seconds=120)
    assert done.stdout == "True\n", done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no such signals")
@pytest.mark.parametrize("count", [int(os.environ.get("EVERCREDS_INTERRUPTS", "60"))])
def test_real_interrupts_in_the_first_milliseconds(count: int) -> None:
    """`A asks; a signal handler raises in A; B asks`."""
    source = (PROGRAMS / "interrupted.py").read_text()
    done = run(source, str(count), "1", seconds=60 + count)
    print(done.stdout)
    assert done.stdout.startswith(f"{count} interrupts, 0 stuck"), done.stdout + done.stderr
