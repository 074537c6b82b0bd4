"""The Python worker of the soak: threads that call, sessions that pass, children that are forked."""

from __future__ import annotations

import datetime
import faulthandler
import itertools
import json
import os
import random
import signal
import sys
import threading
import time
import traceback
import urllib.request
from collections import Counter
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config
from evercreds import RefreshableSession
from evercreds.methods.iot import _https
from worker_usage import Usage

CALLS_OF_A_THREAD = 20
LONGEST_FORK_S = 20.0
ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=5)


class Worker:
    def __init__(self, job: dict[str, Any]) -> None:
        self.job = job
        self.usage = Usage()
        self.counts = Counter[str]()
        self.lasting: list[Any] = []
        self.kept: list[Any] = []  # what is leaked on purpose
        self.lock = threading.Lock()  # of counts and lines
        self.over = threading.Event()
        self.running: set[threading.Thread] = set()
        self.lag_ms = 0.0  # the longest standstill since the last sample
        # The custom sources' own client, which signs as the base user.
        self.base = boto3.client("sts", endpoint_url=job["endpoint"], config=ONCE)
        port = int(job["tls_endpoint"].rpartition(":")[2])
        _https._address = lambda *_: ("127.0.0.1", port)  # whatever the endpoint's name

    def tell(self, kind: str, **more: Any) -> None:
        with self.lock:
            print(json.dumps({"kind": kind, **more}), flush=True)

    def count(self, name: str, number: int = 1) -> None:
        with self.lock:
            self.counts[name] += number

    def totals(self) -> dict[str, int]:
        with self.lock:
            totals = dict(self.counts)
        fetched = sum(session.status().counters["installs"] for session in self.lasting)
        return {**totals, "refreshes": totals.get("refreshes", 0) + fetched}

    # Sessions

    def open(self, source: dict[str, Any]) -> Any:
        options = {
            "policy": source["policy"],
            "defer_refresh": source["deferred"],
            "advisory_refresh": "inline" if source["inline"] else "background",
            "advisory_timeout": source["advisory_s"],
            "mandatory_timeout": source["mandatory_s"],
            "refresh_timeout": source["timeout_s"],
            "region_name": self.job["region"],
        }
        kwargs = getattr(self, "of_" + source["kind"])(source["name"])
        session = RefreshableSession(method=source["kind"], **kwargs, **options)
        self.usage.sessions.add(session)
        self.count("sessions")
        return session

    def of_sts(self, role: str) -> dict[str, Any]:
        return {
            "assume_role_kwargs": {"RoleArn": role, "RoleSessionName": "soak"},
            "sts_client_kwargs": {"endpoint_url": self.job["endpoint"]},
        }

    def of_custom(self, role: str) -> dict[str, Any]:
        def fetch() -> dict[str, Any]:
            reply = self.base.assume_role(RoleArn=role, RoleSessionName="soak")["Credentials"]
            return {
                "access_key": reply["AccessKeyId"],
                "secret_key": reply["SecretAccessKey"],
                "token": reply["SessionToken"],
                "expiry_time": reply["Expiration"],
            }

        return {"custom_credentials_method": fetch}

    def of_iot(self, alias: str) -> dict[str, Any]:
        return {
            "endpoint": f"soak.credentials.iot.{self.job['region']}.amazonaws.com",
            "role_alias": alias,
            **{name: self.job[name] for name in ("certificate", "private_key", "ca")},
        }

    def client(self, session: Any) -> Any:
        return session.client("sts", config=ONCE, endpoint_url=self.job["endpoint"])

    def end(self, session: Any, *, closed: bool = True) -> None:
        self.count("refreshes", session.status().counters["installs"])
        if self.job["leak"] == "session":
            self.kept.append(session)
        elif closed:
            session.close()

    # What is done with them

    def call(self, source: dict[str, Any], session: Any) -> None:
        """Make one signed call, and tell of one that failed."""
        begun, before = time.time(), session.status()
        try:
            self.client(session).get_caller_identity()
        except Exception as error:
            took, after = time.time() - begun, session.status()
            self.count("failed")
            rejections = after.counters["rejections"]
            # A set was held that could be served until the call's end.
            left = (before.seconds_left or 0) - before.mandatory_timeout
            unharmed = not before.is_rejected and rejections == before.counters["rejections"]
            spaced = getattr(error, "code", None) == "rejected" and rejections >= 2
            self.failure(source, begun, error, held=left > took and unharmed, spaced=spaced)
        self.count("calls")

    def failure(self, source: dict[str, Any], begun: float, error: object, **more: bool) -> None:
        took_ms = round((time.time() - begun) * 1000)
        at_ms = round(begun * 1000)
        self.tell(
            "failure", source=source["name"], at_ms=at_ms, took_ms=took_ms, error=repr(error), **more
        )

    def live(self, source: dict[str, Any], session: Any) -> None:
        """Call a session that lasts; the thread ends after some calls, and another goes on."""
        for _ in range(CALLS_OF_A_THREAD):
            if self.pause(self.job["pause_ms"]):
                return
            self.call(source, session)
        self.start(lambda: self.live(source, session))

    def pass_by(self, source: dict[str, Any], number: int) -> None:
        """Use a session from its beginning to its end; one of four is not closed, but dropped."""
        begun = time.time()
        try:
            session = self.open(source)
            self.call(source, session)
            if number % 2 == 0:
                self.revoke(session)
            self.call(source, session)
            if number % 4 == 0:  # a resource is the thread's own, and goes with it
                there = {"endpoint_url": self.job["endpoint"], "config": ONCE}
                list(session.resource("s3", **there).buckets.all())
            self.end(session, closed=number % 4 != 3)
        except Exception as error:
            self.failure(source, begun, error, held=True)

    def revoke(self, session: Any) -> None:
        """Have the stand-in reject what a session holds."""
        try:
            body = json.dumps({"access_key_id": session.credentials["access_key"]}).encode()
        except Exception:
            return  # its source is at fault just now
        with urllib.request.urlopen(f"{self.job['control']}/revoke", body, timeout=20) as reply:
            reply.read()
        self.count("rejected")

    def fork(self, source: dict[str, Any], session: Any) -> None:
        """Have a child make a signed call with a session of its parent's."""
        begun = time.time()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                faulthandler.dump_traceback_later(LONGEST_FORK_S * 0.8)  # shows where it hangs
                self.client(session).get_caller_identity()
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
        ended, status = 0, 0
        while not ended and time.time() - begun < LONGEST_FORK_S:
            time.sleep(0.02)
            ended, status = os.waitpid(pid, os.WNOHANG)
        if not ended:
            os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
        self.count("forks")
        if status != 0:
            self.failure(source, begun, f"a forked child ended with {status}", held=True)

    # How it runs

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
        job, passing = self.job, self.job["passing"]
        self.warm_up()
        begin = self.usage.settled()
        self.tell("start", usage=begin)
        self.lasting = [self.open(source) for source in job["lasting"]]
        pairs = list(zip(job["lasting"], self.lasting, strict=True))
        sound = pairs[::3]
        for source, session in pairs * job["callers"]:
            self.start(lambda pair=(source, session): self.live(*pair))
        # In a thread of its own, for what is a thread's.
        self.every(
            job["passing_ms"],
            lambda n: self.start(lambda: self.pass_by(passing[n % len(passing)], n)),
        )
        self.every(job["revoke_ms"], lambda n: self.revoke(self.lasting[n]), times=len(pairs))
        self.every(job["fork_ms"], lambda n: self.fork(*sound[n % len(sound)]))
        self.start(self.watch_stalls)
        ends = time.monotonic() + job["length_ms"] / 1000
        while (begun := time.monotonic()) < ends:
            self.leak()
            usage = self.usage.now()
            at_ms, lag_ms, self.lag_ms = round(time.time() * 1000), self.lag_ms, 0.0
            totals = self.totals()
            self.tell("sample", at_ms=at_ms, lag_ms=lag_ms, usage=usage, totals=totals)
            took = time.monotonic() - begun
            # No more than a fifth of the time, where the machine is busy.
            time.sleep(max(job["sample_ms"] / 1000 - took, 4 * took))
        self.over.set()
        while self.running:
            time.sleep(0.05)
        del pairs, sound
        for session in self.lasting:
            self.end(session)
        totals = {**self.totals(), "refreshes": self.counts["refreshes"]}
        self.lasting = []
        del session
        self.base.close()
        self.tell("end", usage=self.usage.settled(begin), totals=totals)

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
