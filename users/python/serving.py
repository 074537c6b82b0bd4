"""What the programs with WSGI servers share: an application, and a client that asks it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from evercreds import RefreshableSession
from refreshed import refreshed

session = RefreshableSession(
    assume_role_kwargs={"RoleArn": os.environ["ROLE_ARN"]},
    advisory_refresh=os.environ.get("ADVISORY_REFRESH", "background"),
)


def application(_environ: Any, start_response: Any) -> list[bytes]:
    """Answer each request with the worker's number, after a signed call."""
    session.client("s3").list_buckets()
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"worker": os.getpid()}).encode()]


@contextmanager
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        os.set_inheritable(listener.fileno(), True)
        yield listener


def ask(command: list[str], listener: socket.socket) -> None:
    """Run a server and ask it until each of its workers has refreshed."""
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    workers: set[int] = set()

    def get() -> None:
        with urllib.request.urlopen(url, timeout=90) as reply:
            workers.add(json.load(reply)["worker"])

    server = subprocess.Popen(command, pass_fds=[listener.fileno()])
    try:
        deadline = time.monotonic() + 90
        while len(workers) < 2:
            assert time.monotonic() < deadline, f"only {workers} answered"
            get()
        # each of two workers has fetched once, and one of them again
        refreshed(get, sets=5)
    finally:
        server.terminate()
        server.wait(timeout=30)


def gunicorn(*flags: str) -> None:
    with listening() as listener:
        command = [sys.executable, "-m", "gunicorn", "serving:application", "--timeout=60"]
        ask([*command, f"--bind=fd://{listener.fileno()}", *flags], listener)


def uwsgi(*flags: str) -> None:
    with listening() as listener:
        command = ["uwsgi", f"--http-socket=fd://{listener.fileno()}", "--module=serving"]
        command += ["--master", "--processes=2", "--need-app", "--die-on-term", "--pythonpath=."]
        ask(
            [*command, f"--home={os.environ['VIRTUAL_ENV']}", "--disable-logging", *flags], listener
        )
