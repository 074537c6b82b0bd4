"""Signals whose handler raises, in the first milliseconds of a fetch; then others use the session.

Its arguments are how many, and a seed. Every other is in a coroutine, in an event loop that ends in
any case: an interrupt in the midst of asyncio's own work leaves that waiting for ever. It prints
how many callers are stuck then.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import itertools
import os
import random
import signal
import sys
import threading
import time
from typing import Any

from evercreds import EvercredsError, RefreshableSession

COUNT, SEED = int(sys.argv[1]), int(sys.argv[2])
draw = random.Random(SEED)
numbers = itertools.count()


class Struck(BaseException):
    """What comes out of the handler."""


def handle(*_: Any) -> None:
    raise Struck


def fetch() -> dict[str, Any]:
    time.sleep(draw.uniform(0.0005, 0.004))
    expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    token = str(next(numbers))
    return {"access_key": "a", "secret_key": "b", "token": token, "expiry_time": expiry}


def make() -> Any:
    return RefreshableSession(
        method="custom",
        custom_credentials_method=fetch,
        defer_refresh=False,
        refresh_timeout=5,
        region_name="us-east-1",
    )


def use(session: Any) -> None:
    for call in (session.refresh, session.status, lambda: session.credentials):
        with contextlib.suppress(EvercredsError):
            call()


def run(coroutine: Any) -> None:
    """Run a coroutine in a loop that ends in any case, and is left behind as it is."""
    loop = asyncio.new_event_loop()
    loop.call_later(2, loop.stop)
    with contextlib.suppress(RuntimeError):  # that it was stopped
        loop.run_until_complete(coroutine)


signal.signal(signal.SIGALRM, handle)
interrupts = stuck = 0
session = make()
while interrupts < COUNT:
    if interrupts % 50 == 0:
        session.close()
        session = make()
    session.invalidate()
    others = [threading.Thread(target=session.refresh, daemon=True) for _ in range(2)]
    for other in others:
        other.start()
    came = False
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, draw.uniform(0.00005, 0.003))
            if interrupts % 2:
                run(session.async_refresh())
            else:
                session.refresh()
            signal.setitimer(signal.ITIMER_REAL, 0)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except Struck:
        came = True
    except EvercredsError:
        pass
    interrupts += came
    with contextlib.suppress(Struck):
        time.sleep(0)

    others.append(threading.Thread(target=use, args=[session], daemon=True))
    others[-1].start()
    for other in others:
        other.join(60)
        stuck += other.is_alive()
print(f"{interrupts} interrupts, {stuck} stuck", flush=True)
os._exit(stuck > 0)
