"""What eager sessions cost that keep themselves fresh, while nothing happens.

Arguments: `evercreds` or `timers` (one threading.Timer each), and how many. Prints one process's
figures.
"""

from __future__ import annotations

import datetime
import gc
import json
import os
import sys
import threading
import time
from pathlib import Path

IDLE_S = 3.0


def fetch() -> dict[str, str]:
    expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    keys = dict.fromkeys(("access_key", "secret_key", "token"), "A")
    return keys | {"expiry_time": expiry.isoformat()}


def rss_kib() -> int:
    with Path("/proc/self/statm").open() as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def main(kind: str, given: str) -> None:
    count = int(given)
    if kind == "evercreds":
        import boto3  # noqa: F401 - what both would have
        from evercreds import RefreshableSession

        def make() -> object:
            return RefreshableSession(
                method="custom",
                custom_credentials_method=fetch,
                region_name="us-east-1",
                defer_refresh=False,
            )
    else:

        def make() -> object:
            timer = threading.Timer(2700, fetch)
            timer.daemon = True
            timer.start()
            return timer, fetch()

    kept = [make() for _ in range(3)]
    gc.collect()
    before, threads = rss_kib(), threading.active_count()
    kept += [make() for _ in range(count)]
    gc.collect()
    end = time.monotonic() + 60  # workers that have nothing to do go after a while
    while kind == "evercreds" and threading.active_count() > 5 and time.monotonic() < end:
        time.sleep(0.2)
    weight, more = (rss_kib() - before) / count, threading.active_count() - threads
    begun = time.process_time()
    time.sleep(IDLE_S)
    idle_ms = 1000 * (time.process_time() - begun)
    print(json.dumps({"KiB": weight, "idle ms": idle_ms, "threads": more}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
