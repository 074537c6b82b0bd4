"""Processes that share, and that are killed or forked in the midst of it."""

from __future__ import annotations

import contextlib
import datetime
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import SessionMaker, StandIn, ended_well, in_child, until, wanted
from evercreds import RefreshableSession
from evercreds.share import FileStore, Seen
from running import addresses, started
from test_prefork import served

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
    pytest.mark.usefixtures("patient_file_stores"),
]

# A turn has half a minute here: who goes on sooner has noticed that its process is gone.
SOON_S = 28


def has_met(session: Any) -> bool:
    counters = session.status().counters
    return bool(counters["share_published"] + counters["share_adopted"])


def give() -> dict[str, Any]:
    expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    return {"access_key": "AKIA", "secret_key": "s", "token": "t", "expiry_time": expiry}


@pytest.fixture
def follower(tmp_path: Path) -> Iterator[Any]:
    with RefreshableSession(
        method="custom",
        custom_credentials_method=give,
        share=tmp_path / "store",
        share_id="a test",
        share_turn=30,
        share_wait=60,
    ) as session:
        yield session


def line_of(process: Any, word: str) -> int:
    """Read until a line that begins with this word, and give its process id."""
    for line in process.stdout:
        if line.startswith(word):
            return int(line.split()[1])
    raise AssertionError(f"the program has ended before it said {word}")


@pytest.mark.parametrize("way", ["killed", "forked"])
def test_a_leader_that_is_killed(follower: Any, tmp_path: Path, way: str) -> None:
    """A leads; its source forks, or not; A is killed; B, who follows, leads at once."""
    arguments = ["leading.py", str(tmp_path / "store"), *(["fork"] if way == "forked" else [])]
    with started(arguments, stdout=subprocess.PIPE) as process:
        child = line_of(process, "forked") if way == "forked" else None
        if child is None:
            line_of(process, "called")
        told: list[str | None] = []
        follower.on("share", lambda event: told.append(event.share))
        keys: list[str] = []
        waiting = threading.Thread(target=lambda: keys.append(follower.credentials["access_key"]))
        waiting.start()
        try:
            until(lambda: "followed" in told, 60)
            begun = time.monotonic()
            os.kill(process.pid, signal.SIGKILL)
            waiting.join(SOON_S)
            assert keys == ["AKIA"], told
            assert time.monotonic() - begun < SOON_S
            until(lambda: "took_over" in told)
        finally:
            if child is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)


def test_a_child_leaves_the_parents_lock_alone(tmp_path: Path) -> None:
    """A has a turn; A forks; the child closes its copy, and ends; the turn is A's still."""
    store, key, owner = FileStore(tmp_path / "store"), "evercreds1:" + "a" * 32, "b" * 32
    assert store.campaign(key, owner, 0, Seen(0, ""), 60_000).won

    def use_and_end() -> None:
        store.read(key)
        store.forget(owner)
        store.resign(key, "c" * 32, 9, b"", 0, 0)
        wanted(store.read(key).turn_left_ms > 0)

    assert ended_well(in_child(use_and_end))
    assert FileStore(tmp_path / "store").read(key).turn_left_ms > 0
    store.resign(key, owner, 1, b"", 0, 0)
    assert store.read(key).turn_left_ms == 0


def test_children_are_others_to_the_group(
    sts_session: SessionMaker, stand_in: StandIn, role: str, tmp_path: Path
) -> None:
    """A session is made and then forked: each child has an owner of its own, and all one set."""
    session = sts_session(share=tmp_path / "store")
    group = session._host.loop.sharing._group
    mine = group._owner
    found = tmp_path / "found"
    found.mkdir()

    def ask() -> None:
        key = session.credentials["access_key"]
        (found / str(os.getpid())).write_text(f"{group._owner} {key}")
        # Who leads publishes; all the others find that.
        until(lambda: has_met(session))

    children = [in_child(ask, 60) for _ in range(4)]
    assert all(ended_well(child) for child in children)
    told = [path.read_text().split() for path in found.iterdir()]
    assert len({owner for owner, _ in told} | {mine}) == 5
    assert len({key for _, key in told}) == 1
    assert stand_in.calls(role)["attempts"] == 1


@pytest.mark.slow
def test_gunicorn_with_preload(
    stand_in: StandIn, role: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["-m", "gunicorn", "shared_web:application", "--bind=fd://{fd}", "--workers=4"]
    command += ["--preload", "--timeout=60"]
    environment = addresses(stand_in, role) | {"SHARE": str(tmp_path / "store")}
    with served(sys.executable, command, environment, tmp_path / "log") as server:
        answers: list[Any] = []
        end = time.monotonic() + 60
        while len({each["pid"] for each in answers}) < 3 and time.monotonic() < end:
            answers.append(server.get("/"))
    by_owner = {each["owner"]: each["pid"] for each in answers}
    assert len(by_owner) == len({each["pid"] for each in answers}) >= 2
    assert len({each["key"] for each in answers}) == 1
    assert stand_in.calls(role)["attempts"] == 1


def test_one_sick_client(
    sts_session: SessionMaker, stand_in: StandIn, role: str, tmp_path: Path
) -> None:
    """A, B and C share; a service refuses A its set, again and again; B and C keep theirs."""
    sessions = [sts_session(share=tmp_path / "store") for _ in range(3)]
    first = sessions[0].credentials
    until(lambda: sessions[0].status().counters["share_published"] == 1)
    others = [session.credentials["access_key"] for session in sessions[1:]]
    assert others == [first["access_key"]] * 2
    second = sessions[0].credentials_for(other_than=first)
    assert second["access_key"] != first["access_key"]
    until(lambda: sessions[0].status().counters["share_published"] == 2)
    assert [session.credentials["access_key"] for session in sessions[1:]] == others
    # B is refused the same, and finds what A has fetched.
    assert sessions[1].credentials_for(other_than=first)["access_key"] == second["access_key"]
    assert stand_in.calls(role)["attempts"] == 2
