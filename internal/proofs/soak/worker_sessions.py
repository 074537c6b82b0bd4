"""The sessions of the Python worker of the soak, and what is done with one of them."""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import threading
import time
import traceback
import urllib.request
from collections import Counter
from typing import Any

import boto3
from botocore.config import Config
from evercreds import RefreshableSession
from evercreds.methods.iot import _https
from worker_usage import Usage

LONGEST_FORK_S = 20.0
ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=5)


class Sessions:
    def __init__(self, job: dict[str, Any]) -> None:
        self.job = job
        self.usage = Usage()
        self.counts = Counter[str]()
        self.lasting: list[Any] = []
        self.kept: list[Any] = []  # what is leaked on purpose
        self.lock = threading.Lock()  # of counts and lines
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
            left = (before.remaining or 0) - before.mandatory_timeout
            unharmed = not before.rejected and rejections == before.counters["rejections"]
            spaced = getattr(error, "code", None) == "rejected" and rejections >= 2
            self.failure(source, begun, error, held=left > took and unharmed, spaced=spaced)
        self.count("calls")

    def failure(self, source: dict[str, Any], begun: float, error: object, **more: bool) -> None:
        took_ms = round((time.time() - begun) * 1000)
        at = {"source": source["name"], "at_ms": round(begun * 1000), "took_ms": took_ms}
        self.tell("failure", **at, error=repr(error), **more)

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
