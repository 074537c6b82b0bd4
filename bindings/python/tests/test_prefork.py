"""Servers that fork their workers from a process that has used the session already."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from conftest import StandIn, until
from fork_counts import EACH, went_on
from running import LIFETIME_S, PROGRAMS, addresses, started

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
]

WORKERS = 4
UWSGI = os.path.join(os.path.dirname(sys.executable), "uwsgi")
REQUESTS = 100


class Server:
    """A server that runs the application, on a socket of the test's own."""

    def __init__(self, socket: socket.socket, process: Any, log: Path) -> None:
        self._address = socket.getsockname()
        self.process = process
        self._log = log

    def get(self, path: str) -> dict[str, Any]:
        """Get a path, on a connection of its own."""
        connection = http.client.HTTPConnection(*self._address, timeout=60)
        try:
            connection.request("GET", path, headers={"Connection": "close"})
            response = connection.getresponse()
            assert response.status == 200, (response.read(), self._log.read_text())
            answer: dict[str, Any] = json.loads(response.read())
            return answer
        finally:
            connection.close()


@contextmanager
def gunicorn(
    flags: list[str], environment: dict[str, str], log: Path, workers: int = WORKERS
) -> Iterator[Server]:
    """Run the application under gunicorn."""
    command = ["-m", "gunicorn", "web:application", "--bind=fd://{fd}", f"--workers={workers}"]
    command += ["--timeout=60", "--graceful-timeout=20", *flags]
    if "--worker-class=gevent" in flags:
        environment = environment | {"GEVENT": "1"}
    with served(sys.executable, command, environment, log) as server:
        yield server


@contextmanager
def uwsgi(
    flags: list[str], environment: dict[str, str], log: Path, workers: int = WORKERS
) -> Iterator[Server]:
    """Run the application under uWSGI, which loads it in the master and forks in C."""
    # uWSGI reads its home in the C locale: a letter beyond ASCII in it would lead nowhere.
    home = log.parent / "home"
    if not home.exists():
        home.symlink_to(sys.prefix)
    command = ["--http-socket=fd://{fd}", "--module=web:application", "--need-app", "--master"]
    command += [f"--processes={workers}", f"--home={home}", "--die-on-term", *flags]
    command += ["--disable-logging", "--pythonpath=."]
    with served(UWSGI, command, environment, log) as server:
        yield server


@contextmanager
def served(
    program: str, command: list[str], environment: dict[str, str], log: Path
) -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener, log.open("w") as output:
        with started(
            [word.format(fd=listener.fileno()) for word in command],
            program=program,
            environment=environment,
            pass_fds=[listener.fileno()],
            stdout=output,
            stderr=output,
        ) as process:
            yield Server(listener, process, log)
        assert process.returncode == 0, log.read_text()


def spread(get: Callable[[str], dict[str, Any]]) -> None:
    """Wait until every worker serves."""
    seen: set[int] = set()

    def all_serve() -> bool:
        with ThreadPoolExecutor(WORKERS) as pool:
            seen.update(answer["pid"] for answer in pool.map(get, ["/"] * WORKERS))
        return len(seen) == WORKERS

    until(all_serve, seconds=180)


GUNICORN = {
    "preloaded": (["--preload"], 1, REQUESTS),
    "preloaded-gthread": (["--preload", "--threads=4"], 4, REQUESTS),
    "preloaded-gevent": (["--preload", "--worker-class=gevent"], 1, 40),
    "each-its-own": ([], 1, 40),
}


@pytest.mark.parametrize(("flags", "threads", "requests"), GUNICORN.values(), ids=GUNICORN.keys())
def test_requests_over_a_refresh_each(
    stand_in: StandIn, role: str, tmp_path: Path, flags: list[str], threads: int, requests: int
) -> None:
    if "--worker-class=gevent" in flags and find_spec("gevent") is None:
        pytest.skip("gevent is not installed")
    environment = addresses(stand_in, role)
    if "--preload" in flags:
        # The parent has used the session, and goes on doing so: not with gevent, whose greenlets
        # all go on in the child.
        environment["USED" if "--worker-class=gevent" in flags else "BUSY"] = "1"
    all_go_on(gunicorn, flags, threads, requests, stand_in, role, tmp_path, environment)


@pytest.mark.skipif(not os.path.exists(UWSGI), reason="uWSGI is not installed")
@pytest.mark.parametrize("flags", [[], ["--enable-threads"]], ids=["default", "threads"])
def test_requests_of_workers_that_python_is_not_told_of(
    stand_in: StandIn, role: str, tmp_path: Path, flags: list[str]
) -> None:
    """`A asks; A's process is forked in C; each child asks, and refreshes`."""
    # Not BUSY: where another thread waits for the interpreter's lock at such a fork, the child
    # waits in CPython itself for that thread to take it.
    environment = addresses(stand_in, role) | {"USED": "1"}
    all_go_on(uwsgi, flags, 1, 40, stand_in, role, tmp_path, environment)


def all_go_on(
    serve: Any,
    flags: list[str],
    threads: int,
    requests: int,
    stand_in: StandIn,
    role: str,
    tmp_path: Path,
    environment: dict[str, str],
) -> None:
    """Have each worker do pieces of work, each over a refresh; none hangs, none is left behind."""
    stand_in.lifetime(role, LIFETIME_S)
    log = tmp_path / "server.log"
    with serve(flags, environment, log) as server:
        spread(server.get)
        with ThreadPoolExecutor(WORKERS * threads) as pool:
            paths = [f"/{number}" for number in range(requests)]
            answers = list(pool.map(server.get, paths, timeout=120))
    assert len(answers) == requests
    assert all(answer["changed"] for answer in answers), log.read_text()
    assert {answer["way"] for answer in answers} == {"forced", "min_ttl", "expiry"}
    assert len({answer["pid"] for answer in answers}) == WORKERS
    for pid in {answer["pid"] for answer in answers}:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def pids_of(server: Server, count: int, at_once: int, log: Path) -> set[int]:
    """Have so many workers do a piece of work, and give their pids."""
    pids: set[int] = set()
    end = time.monotonic() + 60 + 5 * count

    def work(_: int) -> None:
        # A worker that ends may close a connection that it has taken.
        with contextlib.suppress(ConnectionError, http.client.HTTPException):
            answer = server.get("/5")
            assert answer["changed"], log.read_text()
            pids.add(answer["pid"])

    with ThreadPoolExecutor(at_once) as pool:
        while len(pids) < count:
            assert time.monotonic() < end, f"{len(pids)} of {count}; {log.read_text()}"
            list(pool.map(work, range(min(at_once, count - len(pids)) + at_once // 2)))
    return pids


# How each is served, and how many children a server has at once, where it does not fork for each
# request: uWSGI pauses for seconds then; and gevent's workers that end leave connections
# unanswered, of any application.
EACH_ITS_FORK = {
    "uwsgi": (uwsgi, [], 12),
    "uwsgi-threads": (uwsgi, ["--enable-threads"], 12),
    "gunicorn-sync": (gunicorn, ["--preload", "--max-requests=1"], None),
    "gunicorn-gthread": (gunicorn, ["--preload", "--max-requests=1", "--threads=2"], None),
    "gunicorn-gevent": (gunicorn, ["--preload", "--worker-class=gevent"], 12),
}


@pytest.mark.parametrize("kind", EACH_ITS_FORK)
def test_a_fork_for_each_request(stand_in: StandIn, role: str, tmp_path: Path, kind: str) -> None:
    """`A asks; A's process is forked for each request; each child asks, refreshes and ends`."""
    serve, flags, at_most = EACH_ITS_FORK[kind]
    if serve is uwsgi and not os.path.exists(UWSGI):
        pytest.skip("uWSGI is not installed")
    if "gevent" in kind and find_spec("gevent") is None:
        pytest.skip("gevent is not installed")
    log, forks = tmp_path / "server.log", 0
    environment = addresses(stand_in, role) | {"USED": "1"}
    while forks < EACH:
        count = min(EACH - forks, at_most or EACH)
        workers = count if at_most else WORKERS
        with serve(flags, environment, log, workers) as server:
            pids = pids_of(server, count, workers, log)
        forks += count
        went_on(kind, len(pids))


CELERY = {
    "kept": ([], REQUESTS),
    "a-fork-for-each": (["--max-tasks-per-child=1"], EACH),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("flags", "count"), CELERY.values(), ids=CELERY.keys())
def test_celery_tasks_over_a_refresh_each(
    stand_in: StandIn,
    role: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    flags: list[str],
    count: int,
) -> None:
    monkeypatch.syspath_prepend(str(PROGRAMS))
    import tasks

    if not flags:
        stand_in.lifetime(role, LIFETIME_S)
    for name in ("queue", "control", "results"):
        (tmp_path / name).mkdir()
    app = tasks.make_app(str(tmp_path))
    # Of those that wait for an expiry there are enough in the other.
    sent = [app.send_task("work", [5 if flags else number]) for number in range(count)]
    log = tmp_path / "celery.log"
    command = ["-m", "celery", "--app=tasks", "worker", "--pool=prefork"]
    command += [f"--concurrency={WORKERS}", "--loglevel=WARNING"]
    command += flags
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    environment = addresses(stand_in, role) | {"CELERY_FOLDER": str(tmp_path)}
    with log.open("w") as output:
        with started(command, environment=environment, stdout=output, stderr=output) as process:
            until(
                lambda: process.poll() is not None or all(each.ready() for each in sent),
                120 + 5 * count,
            )
            assert process.poll() is None, log.read_text()
        assert process.returncode == 0, log.read_text()
    answers = [each.get(timeout=1) for each in sent]
    assert all(answer["changed"] for answer in answers), log.read_text()
    ways = {"forced"} if flags else {"forced", "min_ttl", "expiry"}
    assert {answer["way"] for answer in answers} == ways
    pids = {answer["pid"] for answer in answers}
    assert len(pids) == count if flags else len(pids) > 1
    assert process.pid not in pids
    if flags:
        went_on("celery", len(pids))
