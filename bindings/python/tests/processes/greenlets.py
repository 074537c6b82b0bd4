"""Sessions in a program that gevent or eventlet has patched: nobody who waits is forgotten.

Its arguments are which of the two, how often each scene is played, and a seed. In each scene five
wait for one refresh, while other work goes on in the hub; who is not free long after all is over
is stuck. It prints how many sessions there were, how many are stuck, and how often the other work
had its turn.
"""

from __future__ import annotations

import sys

HUB, SCENES, SEED = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
if HUB == "gevent":
    from gevent import monkey

    monkey.patch_all()
    import gevent as hub
else:
    import eventlet as hub  # type: ignore[import-untyped,no-redef]

    hub.monkey_patch()

import contextlib  # noqa: E402
import datetime  # noqa: E402
import os  # noqa: E402
import random  # noqa: E402
import time  # noqa: E402
from typing import Any  # noqa: E402

from evercreds import EvercredsError, RefreshableSession  # noqa: E402

WAITERS = 5
# Whole and half seconds: at such instants others' waits in steps end too.
EXACT_S = (0.5, 1.0, 2.0)
LONGEST_S = 60
turns = stuck = 0
draw = random.Random(SEED)


def reply() -> dict[str, Any]:
    expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    return {"access_key": "a", "secret_key": "b", "token": "c", "expiry_time": expiry}


def work() -> None:
    """Be in the hub all the time."""
    global turns
    while True:
        turns += 1
        hub.sleep(0.01)


def ended_by_answer(session: Any, takes_s: float) -> None:
    """`five ask; source answers`."""


def ended_by_deadline(session: Any, takes_s: float) -> None:
    """`five ask; the time for the refresh is over`."""


def ended_by_close(session: Any, takes_s: float) -> None:
    """`five ask; A closes the session at the instant of the answer`."""
    hub.sleep(takes_s)
    session.close()


def ended_by_refresh(session: Any, takes_s: float) -> None:
    """`five ask; A has it refreshed at the instant of the answer`."""
    hub.sleep(takes_s)
    session.refresh()


ENDS = [ended_by_answer, ended_by_deadline, ended_by_close, ended_by_refresh]


def play(end: Any, takes_s: float) -> None:
    global stuck
    hangs = end is ended_by_deadline

    def fetch() -> dict[str, Any]:
        hub.sleep(takes_s + (3 if hangs else 0))
        return reply()

    done = []
    session: Any = RefreshableSession(
        method="custom",
        custom_credentials_method=fetch,
        refresh_timeout=takes_s if hangs else LONGEST_S,
        region_name="us-east-1",
        max_wait=0,
    )

    def wait() -> None:
        with contextlib.suppress(EvercredsError):
            session.get_credentials().get_frozen_credentials()
        done.append(1)

    for _ in range(WAITERS):
        hub.spawn(wait)
    hub.spawn(end, session, takes_s)
    latest = time.monotonic() + takes_s + LONGEST_S / 2
    while len(done) < WAITERS and time.monotonic() < latest:
        hub.sleep(0.05)
    stuck += WAITERS - len(done)


hub.spawn(work)
scenes = [
    (ENDS[at % len(ENDS)], EXACT_S[at // len(ENDS) % 3] if at % 3 else draw.uniform(0.01, 2.2))
    for at in range(SCENES)
]
playing = [hub.spawn(play, *scene) for scene in scenes]
for each in playing:
    if HUB == "gevent":
        each.join()
    else:
        each.wait()
print(f"{HUB}: {len(scenes)} sessions, {stuck} of {len(scenes) * WAITERS} stuck", turns > 20)
sys.stdout.flush()
os._exit(stuck > 0)
