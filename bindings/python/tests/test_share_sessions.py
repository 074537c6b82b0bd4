"""Sessions that share their refreshes. Each stands for a process of its own: it has its owner."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from conftest import ROLE, SessionMaker, StandIn, in_threads, until
from share_kit import Source, has_met, key_of, published

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="there is no file store"),
    pytest.mark.usefixtures("patient_file_stores"),
]


class TestOneRefresh:
    def test_for_all(
        self, sts_session: SessionMaker, stand_in: StandIn, role: str, tmp_path: Path
    ) -> None:
        """Six processes ask at once; one calls the source; all have its set."""
        sessions = [sts_session(share=tmp_path / "store") for _ in range(6)]
        asking = iter(sessions)
        keys = in_threads(6, lambda: key_of(next(asking)))
        assert len(set(keys)) == 1, keys
        assert stand_in.calls(role)["attempts"] == 1
        counters = [session.status().counters for session in sessions]
        assert sum(each["share_adopted"] for each in counters) == 5
        assert sum(each["starts"] for each in counters) == 1

    def test_who_comes_later_calls_nobody(
        self, sts_session: SessionMaker, stand_in: StandIn, role: str, tmp_path: Path
    ) -> None:
        first = sts_session(share=tmp_path / "store")
        key = key_of(first)
        published(first)
        assert key_of(sts_session(share=str(tmp_path / "store"))) == key
        assert stand_in.calls(role)["attempts"] == 1

    def test_coroutines(self, custom: Any, tmp_path: Path) -> None:
        source = Source(0.2)
        sessions = [custom(source, share=tmp_path / "store") for _ in range(4)]

        async def ask() -> list[Any]:
            return await asyncio.gather(*(session.async_credentials() for session in sessions))

        assert len({each["access_key"] for each in asyncio.run(ask())}) == 1
        assert source.calls == 1

    def test_an_eager_session_has_them_when_it_is_made(self, custom: Any, tmp_path: Path) -> None:
        source = Source()
        session = custom(source, share=tmp_path / "store", defer_refresh=False)
        assert session.status().phase == "fresh"
        assert source.calls == 1

    def test_an_eager_session_fails_when_it_is_made(self, custom: Any, tmp_path: Path) -> None:
        def fail() -> Any:
            raise KeyError("no credentials")

        with pytest.raises(KeyError):
            custom(fail, share=tmp_path / "store", defer_refresh=False)

    def test_in_the_thread_of_a_caller(self, custom: Any, tmp_path: Path) -> None:
        source = Source()
        session = custom(source, share=tmp_path / "store", refresh_in="caller")
        assert key_of(session) == "AKIA1"
        assert source.threads == [threading.get_ident()]

    def test_who_forces_is_not_served_what_others_have(self, custom: Any, tmp_path: Path) -> None:
        source = Source()
        one, two = (custom(source, share=tmp_path / "store") for _ in range(2))
        assert key_of(one) == "AKIA1"
        two.refresh()
        assert key_of(two) == "AKIA2"

    def test_endless_credentials(self, custom: Any, tmp_path: Path) -> None:
        given = {"access_key": "A", "secret_key": "s", "token": "t", "expiry_time": "never"}
        one, two = (custom(lambda: given, share=tmp_path / "store") for _ in range(2))
        assert key_of(one) == "A"
        published(one)
        assert two.credentials["expiry_time"] is None
        assert two.status().counters["share_adopted"] == 1

    def test_what_is_told(
        self, custom: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        told: list[str | None] = []
        with caplog.at_level(logging.DEBUG, "evercreds"):
            one, two = (custom(Source(), share=tmp_path / "store") for _ in range(2))
            for session in (one, two):
                session.on("share", lambda event: told.append(event.share))
            key_of(one)
            published(one)
            key_of(two)
            until(lambda: "adopted" in told)
            last = "the new credentials were fetched by another session"
            until(lambda: last in caplog.text)
        assert told == ["led", "published", "adopted"]
        assert one.status().share == "idle"

    def test_a_set_that_one_user_gave_up(self, custom: Any, tmp_path: Path) -> None:
        """One process gives a set up; it gets another; the others do not change."""
        source = Source()
        one, two = (custom(source, share=tmp_path / "store") for _ in range(2))
        assert key_of(one) == "AKIA1"
        published(one)
        assert key_of(two) == "AKIA1"
        two.invalidate()
        assert key_of(two) == "AKIA2"
        assert key_of(one) == "AKIA1"
        assert source.calls == 2

    def test_who_shares_nothing_is_told(
        self, custom: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        session = custom(Source(), share=tmp_path / "store")
        told: list[str | None] = []
        session.on("share", lambda event: told.append(event.share))
        session._host.loop.sharing._alone = 9  # nine turns that met nobody
        key_of(session)
        until(lambda: "nobody_met" in told)
        session.invalidate()
        key_of(session)
        until(lambda: told.count("led") == 2)
        assert told.count("nobody_met") == 1
        until(lambda: told.count("published") == 2)
        assert "no other session shares these credentials" in caplog.text


class TestPrincipals:
    """Two who call AssumeRole never meet in one entry."""

    def records(self, tmp_path: Path) -> list[str]:
        names = (each.name for each in (tmp_path / "store").iterdir())
        return [name for name in names if name.startswith("evercreds1-") and "." not in name]

    def test_long_term_keys(
        self, sts_session: SessionMaker, stand_in: StandIn, role: str, tmp_path: Path
    ) -> None:
        session = sts_session(share=tmp_path / "store")
        key_of(session)
        published(session)
        asked = stand_in.control("GET", "counts")
        assert len(self.records(tmp_path)) == 1
        assert "GetCallerIdentity" not in str(asked.get("roles", {}).get(role))
        source = session._host.loop.source
        assert source._caller._known[1] == f"key:{stand_in.access_key_id}"

    def test_a_name_of_the_users(self, sts_session: SessionMaker, tmp_path: Path) -> None:
        for name in ("one", "two", "one"):
            session = sts_session(share=tmp_path / "store", share_principal=name)
            key_of(session)
            until(lambda s=session: s.status().share == "idle")
            until(lambda s=session: has_met(s))
        assert len(self.records(tmp_path)) == 2

    def test_chains(
        self, sts_session: SessionMaker, stand_in: StandIn, role: str, tmp_path: Path
    ) -> None:
        """Parents share, and so do their children, whose caller is the parents' record."""
        keys = set()
        for _ in range(2):
            parent = sts_session(share=tmp_path / "store")
            child = sts_session(
                assume_role_kwargs={"RoleArn": role + "-child"},
                share=tmp_path / "store",
                source=parent,
            )
            keys.add(key_of(child))
            until(lambda: len(self.records(tmp_path)) == 2)
            until(lambda c=child: c.status().share == "idle")
        assert len(keys) == 1
        assert stand_in.calls(role + "-child")["attempts"] == 1
        assert stand_in.calls(role)["attempts"] == 1

    def test_temporary_keys_ask_aws_once(
        self, sts_session: SessionMaker, stand_in: StandIn, role: str, tmp_path: Path
    ) -> None:
        """Base keys with a token: GetCallerIdentity says who calls; a new session name meets."""
        sessions = []
        for name in ("i-1", "i-2"):
            base = sts_session(assume_role_kwargs={"RoleArn": role, "RoleSessionName": name})
            frozen = base.get_credentials().get_frozen_credentials()
            sessions.append(
                sts_session(
                    assume_role_kwargs={"RoleArn": role + "-2"},
                    share=tmp_path / "store",
                    aws_access_key_id=frozen.access_key,
                    aws_secret_access_key=frozen.secret_key,
                    aws_session_token=frozen.token,
                )
            )
        assert key_of(sessions[0])
        published(sessions[0])
        assert key_of(sessions[1]) == key_of(sessions[0])
        assert stand_in.calls(role + "-2")["attempts"] == 1
        known = [session._host.loop.source._caller._known[1] for session in sessions]
        assert known[0] == known[1]
        assert known[0].startswith("caller:arn:aws:sts::123456789012:assumed-role/")
        assert "i-1" not in known[0]


class TestPrograms:
    """Real processes."""

    def run(self, source: str, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", source, *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def test_an_import_costs_no_more(self) -> None:
        source = """
import sys
import boto3
before = set(sys.modules)
import evercreds
session = evercreds.RefreshableSession(assume_role_kwargs={"RoleArn": sys.argv[1]})
dear = ("evercreds.share", "evercreds._host.sharing", "evercreds._library.wasm", "cryptography",
        "redis", "asyncio", "multiprocessing", "importlib.metadata", "awscrt")
names = [n for n in sys.modules if n.startswith(dear) and n not in before]
assert not names, names
"""
        self.run(source, ROLE + "role")

    def test_who_ends_at_once_has_published(self, tmp_path: Path) -> None:
        """A program gets its credentials and ends; the store is slow; the next one adopts them."""
        source = """
import datetime, sys, time
from evercreds import RefreshableSession
from evercreds.share import FileStore

class Slow(FileStore):
    call_ms = 10_000  # a machine under load is no fault

    def publish(self, *given):
        time.sleep(0.1)
        return super().publish(*given)

def get():
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    return dict(access_key=sys.argv[2], secret_key="s", token="t", expiry_time=end)

session = RefreshableSession(
    method="custom", custom_credentials_method=get, share=Slow(sys.argv[1]), share_id="x"
)
print(session.credentials["access_key"])
"""
        store = str(tmp_path / "store")
        assert self.run(source, store, "one") == "one\n"
        assert self.run(source, store, "two") == "one\n"
