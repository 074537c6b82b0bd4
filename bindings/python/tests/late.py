"""Threads that are late, as on a busy machine: finds tests that look before they have told.

With ``EVERCREDS_LATE_MS`` each of the package's own threads begins its work so much later, and so
much later it tells of it.
"""

from __future__ import annotations

import functools
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from evercreds._host.events import Teller
from evercreds._host.workers import Workers

LATE_S = float(os.environ.get("EVERCREDS_LATE_MS", "0")) / 1000


def be_late() -> None:
    """Have the package's threads be late from now on, if that is asked for."""
    if LATE_S:
        Teller.tell = _late(Teller.tell)  # type: ignore[method-assign]
        run = Workers.run

        @functools.wraps(run)
        def run_late(self: Workers, work: Callable[[], None]) -> None:
            run(self, _late(work))

        Workers.run = run_late  # type: ignore[method-assign]


def _late(work: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(work)
    def late(*args: Any) -> None:
        if threading.current_thread() is not threading.main_thread():
            time.sleep(LATE_S)
        work(*args)

    return late
