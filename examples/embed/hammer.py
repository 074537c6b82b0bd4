"""Eight threads ask and reject for some seconds: no rejected set is served, no wake-up is lost."""

from __future__ import annotations

import itertools
import random
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from host import Failed, Lease, Steps
from module import NEVER
from threads import Credentials, Session

THREADS, SPEED, HOUR = 8, 250, 3_600_000


class Watched(Session):
    """A session that counts the sleeps which end by time, though a flight was to end them."""

    slept_through = 0

    def _wait(self, steps: Steps) -> Credentials:
        try:
            bell, deadline = next(steps)
            while True:
                left = deadline - self.now()[1]
                rung = bell.wait(None if deadline == NEVER else max(0, left) / 1000 / SPEED)
                # Pauses between attempts are shorter than an hour, flights time out after twelve.
                self.slept_through += not rung and left > 2 * HOUR
                bell, deadline = steps.send(False)
        except StopIteration as end:
            lease: Lease = end.value
            found: Credentials = lease.set
            return found


def hammer(wasm: Path, seconds: float) -> tuple[Counter[str], int]:
    """Return what happened how often, and how many sleeps ended too late."""
    numbers, count = itertools.count(), Counter[str]()
    rejected: frozenset[str] = frozenset()
    lock = threading.Lock()

    def source() -> Credentials:
        time.sleep(random.random() * 0.004)
        n = next(numbers)
        return Credentials(f"ACCESS{n}", "SECRET", f"TOKEN{n}", session.now()[0] + HOUR)

    session = Watched(wasm, source, SPEED, refresh_timeout=43200, max_wait=3600)
    end = time.monotonic() + seconds

    def ask() -> None:
        nonlocal rejected
        while time.monotonic() < end:
            before, what = rejected, random.random()
            try:
                got = session.credentials()
                seen = Counter(served=1, wrong=int(got.access_key in before))
                if what < 0.01:
                    session.host.invalidate(got.fingerprint())
                    seen["invalidated"] += 1
                elif what < 0.02:
                    other = session.credentials(rejected=got)
                    seen.update(reported=1, wrong=int(other == got))
            except Failed:
                seen = Counter(failed=1)
            with lock:
                count.update(seen)
                if seen["invalidated"]:
                    rejected |= {got.access_key}

    threads = [threading.Thread(target=ask) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.close()
    return count, session.slept_through


if __name__ == "__main__":
    happened, late = hammer(Path(sys.argv[1]), float(sys.argv[2]))
    print(
        f"{happened['served']} served, {happened['invalidated']} invalidated,"
        f" {happened['reported']} reported:"
        f" {happened['wrong']} rejected sets served, {late} wake-ups lost"
    )
    sys.exit(bool(happened["wrong"] or late or not happened["invalidated"]))
