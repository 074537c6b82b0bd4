"""The Python worker of the fault matrix: a session and a caller for each cell, a line for each call."""

from __future__ import annotations

import json
import os
import threading
import time

from botocore.config import Config
from evercreds import RefreshableSession

LOCK = threading.Lock()


def run(job: dict, index: int, cell: dict) -> None:
    session = RefreshableSession(
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
        region_name=job["region"],
    )
    config = Config(retries={"total_max_attempts": 1})
    client = session.client("sts", config=config, endpoint_url=job["endpoint"])
    ends = time.monotonic() + job["length_ms"] / 1000
    while time.monotonic() < ends:
        line = {"cell": index, "at_ms": round(time.time() * 1000), "ok": True, "error": ""}
        try:
            client.get_caller_identity()
        except Exception as error:  # any failed call is what the matrix looks for
            line |= {"ok": False, "error": repr(error)}
        with LOCK:
            print(json.dumps(line), flush=True)
        time.sleep(1)
    session.close()


def main() -> None:
    job = json.loads(os.environ["EVERCREDS_FAULTS"])
    threads = [threading.Thread(target=run, args=(job, i, c)) for i, c in enumerate(job["cells"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
