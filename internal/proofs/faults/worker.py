"""The Python worker of the fault matrix: a session and a caller for each cell, and its calls."""

from __future__ import annotations

import json
import os
import threading
import time

from botocore.config import Config
from evercreds import RefreshableSession

LOCK = threading.Lock()


def now_ms() -> int:
    return round(time.time() * 1000)


class Caller(threading.Thread):
    def __init__(self, job: dict, cell: dict) -> None:
        super().__init__()
        self.cell = cell["cell"]
        self.session = RefreshableSession(
            assume_role_kwargs={
                "RoleArn": cell["role"],
                "RoleSessionName": "faults-python",
                "DurationSeconds": 900,
            },
            sts_client_kwargs={"region_name": job["region"], "endpoint_url": job["endpoint"]},
            policy=cell["policy"],
            defer_refresh=cell["deferred"],
            advisory_timeout=job["advisory_s"],
            mandatory_timeout=job["mandatory_s"],
            refresh_timeout=job["timeout_s"],
            max_wait=0,  # each call shows what becomes of the attempt that it meets
            region_name=job["region"],
        )
        config = Config(retries={"total_max_attempts": 1})
        self.client = self.session.client("sts", config=config, endpoint_url=job["endpoint"])
        self.ends = time.monotonic() + job["length_ms"] / 1000

    def call(self) -> None:
        line = {"cell": self.cell, "at_ms": now_ms(), "end_ms": 0, "ok": True, "error": ""}
        try:
            self.client.get_caller_identity()
        except Exception as error:  # any failed call is what the matrix looks for
            line |= {"ok": False, "error": repr(error)}
        line["end_ms"] = now_ms()
        with LOCK:
            print(json.dumps(line), flush=True)

    def run(self) -> None:
        while time.monotonic() < self.ends:
            time.sleep(1)
            self.call()
        self.session.close()


def main() -> None:
    job = json.loads(os.environ["EVERCREDS_FAULTS"])
    callers = []
    for cell in job["cells"]:
        # One after the other: a first refresh makes a client, and many at once
        # would take longer than a refresh may.
        caller = Caller(job, cell)
        caller.call()
        caller.start()
        callers.append(caller)
    for caller in callers:
        caller.join()


if __name__ == "__main__":
    main()
