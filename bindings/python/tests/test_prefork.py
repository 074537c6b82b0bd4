"""Servers that fork their workers from a process that has used the session already."""

from __future__ import annotations

import http.client
import json
import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from conftest import StandIn, until
from running import LIFETIME_S, PROGRAMS, addresses, started

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
]

WORKERS = 4
REQUESTS = 100


@contextmanager
def gunicorn(flags: list[str], environment: dict[str, str], log: Path) -> Iterator[Any]:
    """Run the application; give a function that gets a path from it, on a connection of its own."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener, log.open("w") as output:
        command = ["-m", "gunicorn", "web:application", f"--bind=fd://{listener.fileno()}"]
        command += [f"--workers={WORKERS}", "--timeout=60", "--graceful-timeout=20", *flags]

        def get(path: str) -> dict[str, Any]:
            connection = http.client.HTTPConnection(*listener.getsockname(), timeout=60)
            try:
                connection.request("GET", path, headers={"Connection": "close"})
                response = connection.getresponse()
                assert response.status == 200, response.read()
                answer: dict[str, Any] = json.loads(response.read())
                return answer
            finally:
                connection.close()

        with started(
            command,
            environment=environment,
            pass_fds=[listener.fileno()],
            stdout=output,
            stderr=output,
        ) as process:
            yield get
        assert process.returncode == 0, log.read_text()


def spread(get: Callable[[str], dict[str, Any]]) -> None:
    """Wait until every worker serves."""
    seen: set[int] = set()

    def all_serve() -> bool:
        with ThreadPoolExecutor(WORKERS) as pool:
            seen.update(answer["pid"] for answer in pool.map(get, ["/"] * WORKERS))
        return len(seen) == WORKERS

    until(all_serve, seconds=60)


@pytest.mark.parametrize(
    ("flags", "threads", "requests"),
    [(["--preload"], 1, REQUESTS), (["--preload", "--threads=4"], 4, REQUESTS), ([], 1, 40)],
    ids=["preloaded", "preloaded-gthread", "each-its-own"],
)
def test_requests_over_a_refresh_each(
    stand_in: StandIn, role: str, tmp_path: Path, flags: list[str], threads: int, requests: int
) -> None:
    stand_in.lifetime(role, LIFETIME_S)
    environment = addresses(stand_in, role)
    if "--preload" in flags:
        environment["BUSY"] = "1"  # the parent has used the session, and goes on doing so
    log = tmp_path / "gunicorn.log"
    with gunicorn(flags, environment, log) as get:
        spread(get)
        with ThreadPoolExecutor(WORKERS * threads) as pool:
            paths = [f"/{number}" for number in range(requests)]
            answers = list(pool.map(get, paths, timeout=120))
    assert len(answers) == requests
    assert all(answer["changed"] for answer in answers), log.read_text()
    assert {answer["way"] for answer in answers} == {"forced", "min_ttl", "expiry"}
    assert len({answer["pid"] for answer in answers}) == WORKERS
    for pid in {answer["pid"] for answer in answers}:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@pytest.mark.filterwarnings("ignore")
def test_100_celery_tasks_over_a_refresh_each(
    stand_in: StandIn, role: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(PROGRAMS))
    import tasks

    stand_in.lifetime(role, LIFETIME_S)
    for name in ("queue", "control", "results"):
        (tmp_path / name).mkdir()
    app = tasks.make_app(str(tmp_path))
    sent = [app.send_task("work", [number]) for number in range(REQUESTS)]
    log = tmp_path / "celery.log"
    command = ["-m", "celery", "--app=tasks", "worker", "--pool=prefork"]
    command += [f"--concurrency={WORKERS}", "--loglevel=WARNING"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    environment = addresses(stand_in, role) | {"CELERY_FOLDER": str(tmp_path)}
    with log.open("w") as output:
        with started(command, environment=environment, stdout=output, stderr=output) as process:
            until(lambda: process.poll() is not None or all(each.ready() for each in sent), 120)
            assert process.poll() is None, log.read_text()
        assert process.returncode == 0, log.read_text()
    answers = [each.get(timeout=1) for each in sent]
    assert all(answer["changed"] for answer in answers), log.read_text()
    assert {answer["way"] for answer in answers} == {"forced", "min_ttl", "expiry"}
    assert len({answer["pid"] for answer in answers}) > 1
    assert process.pid not in {answer["pid"] for answer in answers}
