"""The Python worker of the drivers demo, faults, soak and share; see the Go package ``workers``.

It opens sessions and makes calls as it is told on standard input: each order is carried out in a
thread of its own.
"""

from __future__ import annotations

import base64
import contextlib
import datetime
import faulthandler
import hmac
import itertools
import json
import logging
import os
import random
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

import boto3
import redis
from botocore.config import Config
from evercreds import RefreshableSession
from evercreds.methods.iot import _https
from evercreds.share import DynamoDBStore, RedisStore, S3Store
from usage import Usage

CALLS_OF_A_THREAD = 20
LONGEST_FORK_S = 20.0
ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=20, read_timeout=20)
# For custom sources, some of which hang.
IMPATIENT = ONCE.merge(Config(connect_timeout=5, read_timeout=5))

OPTIONS = {
    "policy": "policy",
    "advisory_s": "advisory_timeout",
    "mandatory_s": "mandatory_timeout",
    "timeout_s": "refresh_timeout",
}


class Session:
    """One of the worker's sessions."""

    def __init__(self, number: int, source: dict[str, Any], real: Any) -> None:
        self.number = number
        self.real = real
        self.there = {"endpoint_url": source["endpoint"]} if "endpoint" in source else {}
        self.over = threading.Event()
        self.callers: set[threading.Thread] = set()

    def client(self) -> Any:
        return self.real.client("sts", config=ONCE, **self.there)

    def status(self) -> dict[str, Any]:
        status = self.real.status()
        counters = ("installs", "failures", "rejections")
        return {
            "phase": status.phase,
            "remaining_ms": round((status.remaining or 0) * 1000),
            "mandatory_ms": round(status.mandatory_timeout * 1000),
            "rejected": status.rejected or status.reported,
            **{name: status.counters[name] for name in counters},
            "share_calls": status.counters["share_calls"],
        }

    def event(self, kind: str, **more: Any) -> dict[str, Any]:
        line = {"session": self.number, "event": kind, "at_ms": round(time.time() * 1000)}
        return line | more

    def refreshed(self, event: Any) -> dict[str, Any]:
        """Tell of a set by the ID of its access key, and of its end by our own word."""
        held = self.real.get_credentials().get_frozen_credentials()
        expiry_ms = round(event.expiry.timestamp() * 1000)
        return self.event("refresh", key=held.access_key, expiry_ms=expiry_ms)

    def call(self, *, look: bool = False, resource: bool = False) -> dict[str, Any]:
        """Make one signed call."""
        begun = time.monotonic()
        line = {"session": self.number, "at_ms": round(time.time() * 1000), "before": self.status()}
        try:
            if look:
                self.real.get_credentials().get_frozen_credentials()
                line["wait_ms"] = ms_since(begun)
            self.client().get_caller_identity()
            if resource:  # the thread's own, which goes with it
                list(self.real.resource("s3", config=ONCE, **self.there).buckets.all())
        except Exception as error:
            line |= {"failed": repr(error), "code": str(getattr(error, "code", ""))}
        return {**line, "end_ms": line["at_ms"] + ms_since(begun)}


def shared(share: dict[str, Any]) -> dict[str, Any]:
    """Give the arguments of a session that shares."""
    options = {name: share[name] for name in ("principal", "id") if name in share}
    options |= {name: share[name + "_s"] for name in ("turn", "wait") if name + "_s" in share}
    options = {"share_" + name: value for name, value in options.items()}
    if "keys" in share:
        options["share_key"] = [base64.b64decode(key) for key in share["keys"]]
    if "name_key" in share:
        options["share_name_key"] = base64.b64decode(share["name_key"])
    return options | {"share": store_of(share)}


def store_of(share: dict[str, Any]) -> Any:
    kind, where = share["store"], share["where"]
    if kind == "file":
        return where
    if kind == "redis":
        host, _, port = where.rpartition(":")
        store = RedisStore(redis.Redis(host, int(port)))
        store.call_ms = share.get("call_ms", store.call_ms)
        return store
    client = boto3.client(kind, endpoint_url=where, config=IMPATIENT)
    if kind == "s3":
        return S3Store("evercreds", "", client)
    return DynamoDBStore("evercreds", client)


def code_now(secret: str) -> str:
    """Give the one-time code of this step; a step lasts 20 ms, where a device's lasts 30 s."""
    step = int(time.time() * 50).to_bytes(8, "big")
    number = int.from_bytes(hmac.digest(secret.encode(), step, "sha256")[:8], "big")
    return f"{number % 1_000_000:06}"


def ms_since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)


class Worker:
    def __init__(self) -> None:
        self.usage = Usage()
        self.sessions: dict[int, Session] = {}
        self.kept: list[Any] = []  # what is leaked on purpose
        self.lock = threading.Lock()  # of lines, and of what is counted
        self.ended = 0  # threads
        self.lag_ms = 0.0  # the longest standstill since the last sample
        self.bases: dict[str, Any] = {}  # custom sources' own clients, by endpoint

    def start(self, work: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            work()
            with self.lock:
                self.ended += 1

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def tell(self, line: dict[str, Any], session: Session | None = None) -> None:
        """Write a line, with the status that the session has at that time."""
        with self.lock:
            if session is not None:
                line["after"] = session.status()
            print(json.dumps(line), flush=True)

    def obey(self, order: dict[str, Any]) -> None:
        session = self.sessions.get(order.get("session", 0))
        try:
            line = getattr(self, order["do"])(order, session) or {}
        except Exception as error:
            line = {"error": repr(error)}
        self.tell({**line, "n": order["n"]}, session if "end_ms" in line else None)

    def open(self, order: dict[str, Any], _: None) -> None:
        source = order["source"]
        options = {OPTIONS[name]: source[name] for name in OPTIONS if name in source}
        options["defer_refresh"] = not source.get("eager", False)
        options["advisory_refresh"] = "inline" if source.get("inline") else "background"
        if source.get("logs"):
            logging.basicConfig()  # to standard error
            logging.getLogger("evercreds").setLevel(logging.DEBUG)
        if source.get("no_wait"):
            options["max_wait"] = 0
        method, kwargs = getattr(self, "of_" + source["kind"])(source)
        if "share" in source:
            options |= shared(source["share"])
        real = RefreshableSession(method=method, **kwargs, **options)
        self.usage.sessions.add(real)
        session = self.sessions[order["session"]] = Session(order["session"], source, real)
        if "share" in source:
            real.on("share", lambda event: self.tell(session.event("share", step=event.share)))
            real.on("refresh", lambda event: self.tell(session.refreshed(event)))

    def of_sts(self, source: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        role = {"RoleArn": source["name"], "RoleSessionName": source["session_name"]}
        there = {"endpoint_url": source["endpoint"]} if "endpoint" in source else {}
        role["DurationSeconds"] = 900
        if "external_id" in source:
            role["ExternalId"] = source["external_id"]
        kwargs = {"assume_role_kwargs": role, "sts_client_kwargs": there}
        if "serial" in source:
            role["SerialNumber"] = source["serial"]
            kwargs["mfa_token_provider"] = lambda: code_now(source["secret"])
        return "sts", kwargs

    def of_custom(self, source: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        role = {"RoleArn": source["name"], "RoleSessionName": source["session_name"]}
        there = source["endpoint"]
        if there not in self.bases:
            self.bases[there] = boto3.client("sts", endpoint_url=there, config=IMPATIENT)
        base = self.bases[there]  # signs as the base user

        def fetch() -> dict[str, Any]:
            reply = base.assume_role(**role)["Credentials"]
            return {
                "access_key": reply["AccessKeyId"],
                "secret_key": reply["SecretAccessKey"],
                "token": reply["SessionToken"],
                "expiry_time": reply["Expiration"],
            }

        return "custom", {"custom_credentials_method": fetch}

    def of_iot(self, source: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        port = int(source["tls_endpoint"].rpartition(":")[2])
        _https._address = lambda *_: ("127.0.0.1", port)  # whatever the endpoint's name
        return "iot", {
            "endpoint": f"worker.credentials.iot.{os.environ['AWS_REGION']}.amazonaws.com",
            "role_alias": source["name"],
            **{name: source[name] for name in ("certificate", "private_key", "ca")},
        }

    def of_made(self, _: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        numbers = itertools.count()

        def fetch() -> dict[str, Any]:
            expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
            key = f"ASIA{next(numbers)}"
            return {"access_key": key, "secret_key": "s", "token": key, "expiry_time": expiry}

        return "custom", {"custom_credentials_method": fetch}

    def call(self, order: dict[str, Any], session: Session) -> dict[str, Any]:
        return session.call(resource=order.get("resource", False))

    def keep(self, order: dict[str, Any], session: Session) -> None:
        for _ in range(order["pace"]["callers"]):
            self.live(order["pace"], session)

    def live(self, pace: dict[str, Any], session: Session) -> None:
        """Have a thread make calls; it ends after some of them, and another goes on."""

        def calls() -> None:
            for _ in range(CALLS_OF_A_THREAD):
                pause = pace["pause_ms"] + pace["spread_ms"] * random.random()
                if session.over.wait(pause / 1000):
                    return
                self.tell(session.call(look=pace["look"]), session)
            self.live(pace, session)
            session.callers.discard(threading.current_thread())

        session.callers.add(self.start(calls))

    def key(self, _: dict[str, Any], session: Session) -> dict[str, Any]:
        return {"key": session.real.credentials["access_key"]}

    def refresh(self, order: dict[str, Any], session: Session) -> None:
        for _ in range(order.get("times", 1)):
            session.real.refresh()

    def fork(self, _: dict[str, Any], session: Session) -> None:
        """Have a child make a signed call with a session of its parent's."""
        begun = time.monotonic()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                faulthandler.dump_traceback_later(LONGEST_FORK_S * 0.8)  # shows where it hangs
                session.client().get_caller_identity()
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
        ended, status = 0, 0
        while not ended and time.monotonic() - begun < LONGEST_FORK_S:
            time.sleep(0.02)
            ended, status = os.waitpid(pid, os.WNOHANG)
        if not ended:
            os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
        if status != 0:
            raise RuntimeError(f"a forked child ended with {status}")

    def close(self, order: dict[str, Any], session: Session) -> dict[str, Any]:
        """End the calls of a session, and then it."""
        session.over.set()
        while session.callers:
            for thread in list(session.callers):
                thread.join()
                session.callers.discard(thread)
        del self.sessions[session.number]
        status = session.status()
        if order.get("leak") == "session":
            self.kept.append(session.real)
        elif not order.get("drop"):
            session.real.close()
        return {"after": status}

    def sample(self, order: dict[str, Any], _: None) -> dict[str, Any]:
        self.leak(order.get("leak"))
        usage = self.usage.now()
        lag_ms, self.lag_ms = self.lag_ms, 0.0
        return {"usage": usage, "lag_ms": lag_ms, "ended": self.ended}

    def settle(self, order: dict[str, Any], _: None) -> dict[str, Any]:
        for base in self.bases.values():
            base.close()  # its connections: it goes on to work
        usage = self.usage.settled(order["names"], order.get("start"))
        return {"usage": usage, "ended": self.ended}

    def leak(self, kind: str | None) -> None:
        """Hold on to something, where that is asked for."""
        if kind == "thread":
            threading.Thread(target=threading.Event().wait, daemon=True).start()
        elif kind == "fd":
            self.kept += [os.open(os.devnull, os.O_RDONLY) for _ in range(2)]
        elif kind == "memory":
            self.kept.append([[b"x" * 100, number] for number in range(1000)])

    def watch_stalls(self) -> None:
        """Note for how long this process does not get to run."""
        last = time.monotonic()
        while True:
            time.sleep(0.05)
            now = time.monotonic()
            self.lag_ms = max(self.lag_ms, (now - last - 0.05) * 1000)
            last = now


def main() -> None:
    sys.stderr.reconfigure(line_buffering=True)
    worker = Worker()
    threading.Thread(target=worker.watch_stalls, daemon=True).start()
    for line in sys.stdin:
        order = json.loads(line)
        worker.start(lambda order=order: worker.obey(order))


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):  # nobody reads any more
        main()
