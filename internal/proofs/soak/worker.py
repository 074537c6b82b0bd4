"""The Python worker of the soak: threads that call, sessions that pass, children forked."""

from __future__ import annotations

import datetime
import itertools
import json
import os
import random
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from evercreds import RefreshableSession
from worker_sessions import Sessions

CALLS_OF_A_THREAD = 20


class Worker(Sessions):
    def __init__(self, job: dict[str, Any]) -> None:
        super().__init__(job)
        self.over = threading.Event()
        self.running: set[threading.Thread] = set()
        self.lag_ms = 0.0  # the longest standstill since the last sample

    def live(self, source: dict[str, Any], session: Any) -> None:
        """Call a session that lasts; the thread ends after some calls, and another goes on."""
        for _ in range(CALLS_OF_A_THREAD):
            if self.pause(self.job["pause_ms"]):
                return
            self.call(source, session)
        self.start(lambda: self.live(source, session))

    def pause(self, ms: float) -> bool:
        """Wait for half to one and a half of this, and tell whether the run is over."""
        return self.over.wait(ms * (0.5 + random.random()) / 1000)

    def start(self, work: Callable[[], None]) -> None:
        """Do this in a thread of its own."""

        def run() -> None:
            try:
                work()
            finally:
                self.running.discard(threading.current_thread())
                self.count("threads")

        thread = threading.Thread(target=run)
        self.running.add(thread)
        thread.start()

    def every(self, ms: float, work: Callable[[int], None], times: int | None = None) -> None:
        """Do this again and again."""

        def run() -> None:
            for number in itertools.count() if times is None else range(times):
                if self.pause(ms):
                    return
                work(number)

        if ms > 0:
            self.start(run)

    def warm_up(self) -> None:
        """Make what is made with the first of each, and have the core's heap collected."""
        passing = self.job["passing"]
        for number, source in enumerate(passing):
            self.pass_by(source, 2 * number)
        self.fork(passing[0], self.open(passing[0]))
        numbers = itertools.count()

        def fetch() -> dict[str, Any]:
            expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
            key = f"ASIA{next(numbers)}"
            return {"access_key": key, "secret_key": "s", "token": key, "expiry_time": expiry}

        with RefreshableSession(method="custom", custom_credentials_method=fetch) as session:
            for _ in range(self.job["warm_up"]):
                session.refresh()
        self.base.close()  # its connections: it goes on to work

    def run(self) -> None:
        self.warm_up()
        begin = self.usage.settled()
        self.tell("start", usage=begin)
        self.lasting = [self.open(source) for source in self.job["lasting"]]
        self.begin()
        self.sample_until(time.monotonic() + self.job["length_ms"] / 1000)
        self.over.set()
        while self.running:
            time.sleep(0.05)
        while self.lasting:
            self.end(self.lasting.pop())
        self.base.close()
        self.tell("end", usage=self.usage.settled(begin), totals=self.totals())

    def begin(self) -> None:
        """Start the threads."""
        job, passing = self.job, self.job["passing"]
        pairs = list(zip(job["lasting"], self.lasting, strict=True))
        sound = pairs[::3]
        for source, session in pairs * job["callers"]:
            self.start(lambda pair=(source, session): self.live(*pair))
        # In a thread of its own, for what is a thread's.
        self.every(
            job["passing_ms"],
            lambda n: self.start(lambda: self.pass_by(passing[n % len(passing)], n)),
        )
        # Once each: the core spaces what is rejected again and again, and counts all sets as
        # quickly rejected that live for less than a minute.
        self.every(job["revoke_ms"], lambda n: self.revoke(pairs[n][1]), times=len(pairs))
        self.every(job["fork_ms"], lambda n: self.fork(*sound[n % len(sound)]))
        self.start(self.watch_stalls)

    def sample_until(self, ends: float) -> None:
        """Tell what is held, again and again."""
        while (begun := time.monotonic()) < ends:
            self.leak()
            usage = self.usage.now()
            at_ms, lag_ms, self.lag_ms = round(time.time() * 1000), self.lag_ms, 0.0
            self.tell("sample", at_ms=at_ms, lag_ms=lag_ms, usage=usage, totals=self.totals())
            took = time.monotonic() - begun
            # No more than a fifth of the time, where the machine is busy.
            every = self.job["sample_ms"] / 1000
            time.sleep(max(every - took, min(4 * took, 4 * every)))

    def watch_stalls(self) -> None:
        """Note for how long this process does not get to run."""
        last = time.monotonic()
        while not self.over.wait(0.05):
            now = time.monotonic()
            self.lag_ms = max(self.lag_ms, (now - last - 0.05) * 1000)
            last = now

    def leak(self) -> None:
        """Hold on to something, once for each sample, where that is asked for."""
        kind = self.job["leak"]
        if kind == "thread":
            threading.Thread(target=threading.Event().wait, daemon=True).start()
        elif kind == "fd":
            self.kept += [os.open(os.devnull, os.O_RDONLY) for _ in range(2)]
        elif kind == "memory":
            self.kept.append([[b"x" * 100, number] for number in range(1000)])


if __name__ == "__main__":
    sys.stderr.reconfigure(line_buffering=True)
    Worker(json.loads(os.environ["EVERCREDS_SOAK"])).run()
