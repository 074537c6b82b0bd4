"""The Python worker of the demo: one session, a few callers, a report on each line."""

from __future__ import annotations

import json
import os
import threading
import time

from botocore.config import Config
from evercreds import RefreshableSession

CALLERS = 3
PAUSE = 0.025  # leaves the machine to the other languages


class Worker:
    def __init__(self, job: dict) -> None:
        self.job = job
        self.lock = threading.Lock()
        self.report = {"phase": "empty", "error": "", "sequence": ""}
        counts = ("left_ms", "calls", "failed", "spells", "rejected", "wait_ms")
        self.report |= dict.fromkeys(counts, 0)
        endpoint = {"endpoint_url": job["endpoint"]} if job["endpoint"] else {}
        self.session = RefreshableSession(
            assume_role_kwargs={
                "RoleArn": job["role_arn"],
                "RoleSessionName": "demo-python",
                "DurationSeconds": 900,
            },
            sts_client_kwargs={"region_name": job["region"], **endpoint},
            advisory_timeout=job["advisory_s"],
            mandatory_timeout=job["mandatory_s"],
            region_name=job["region"],
        )
        # A call that needs a second try counts as failed, unless its credentials were rejected.
        config = Config(retries={"total_max_attempts": 1})
        self.client = self.session.client("sts", config=config, **endpoint)
        self.credentials = self.session.get_credentials()
        self.ends = time.monotonic() + job["length_ms"] / 1000

    def look(self) -> None:
        """Note the flights that have ended since the last look."""
        with self.lock:
            status, report = self.session.status(), self.report
            failed = status.counters["failures"] - report["sequence"].count("F")
            installed = status.counters["installs"] - report["sequence"].count("I")
            report["sequence"] += "F" * failed + "I" * installed
            report["spells"] += failed
            report["rejected"] = status.counters["rejections"]
            report["phase"] = status.phase
            report["left_ms"] = round((status.remaining or 0) * 1000)

    def call(self) -> None:
        begun = time.monotonic()
        had = self.report["sequence"] != ""
        try:
            self.credentials.get_frozen_credentials()
            waited = round((time.monotonic() - begun) * 1000)
            self.client.get_caller_identity()
        except Exception as error:  # any failed call is what the demo looks for
            with self.lock:
                self.report["failed"] += 1
                self.report["error"] = repr(error)
        else:
            with self.lock:
                self.report["calls"] += 1
                if had:
                    self.report["wait_ms"] = max(self.report["wait_ms"], waited)
        self.look()

    def caller(self) -> None:
        while time.monotonic() < self.ends:
            self.call()
            time.sleep(PAUSE)

    def forcer(self) -> None:
        """Ask for a refresh now and then, where none comes by itself."""
        every = self.job["force_ms"] / 1000
        while every and time.monotonic() + every < self.ends:
            time.sleep(every)
            self.session.refresh()

    def run(self) -> None:
        threads = [threading.Thread(target=self.caller) for _ in range(CALLERS)]
        threads.append(threading.Thread(target=self.forcer))
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            time.sleep(0.25)
            self.look()
            self.print()
        self.look()
        self.print(done=True)
        self.session.close()

    def print(self, **more: bool) -> None:
        with self.lock:
            print(json.dumps({**self.report, **more}), flush=True)


if __name__ == "__main__":
    Worker(json.loads(os.environ["EVERCREDS_DEMO"])).run()
