"""Sessions that share their refreshes. Each stands for a process of its own: it has its owner."""

from __future__ import annotations

import asyncio
import datetime
import itertools
import logging
import os
import pickle
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import ROLE, SessionMaker, StandIn, all_is_told, in_threads, until
from evercreds import RefreshableSession
from evercreds.errors import (
    EvercredsConfigurationError,
    EvercredsCredentialError,
    EvercredsValidationError,
    EvercredsWarning,
)
from evercreds.share import (
    Campaign,
    Entry,
    FileStore,
    Publication,
    Record,
    Seen,
)
from reachable import found_on

KEY = bytes(range(32))
MFA = "arn:aws:iam::123456789012:mfa/me"


class MemoryStore:
    """A store of a user's, in this process alone; what fails or waits is for the test to say."""

    call_ms = 10_000  # a machine under load is no fault

    def __init__(self, tmp_path: Path) -> None:
        self.inner = FileStore(tmp_path / "inner")
        self.before: Callable[[str], None] = lambda call: None
        self.calls: list[str] = []

    def _call(self, name: str) -> None:
        self.calls.append(name)
        self.before(name)

    def read(self, key: str) -> Record:
        self._call("read")
        return self.inner.read(key)

    def campaign(self, key: str, owner: str, seen: int, saw: Seen, turn_ms: int) -> Campaign:
        self._call("campaign")
        return self.inner.campaign(key, owner, seen, saw, turn_ms)

    def publish(
        self,
        key: str,
        owner: str,
        number: int,
        entry: Entry,
        replaces: str,
        junk: Seen | None,
        ttl_ms: int,
    ) -> Publication:
        self._call("publish")
        return self.inner.publish(key, owner, number, entry, replaces, junk, ttl_ms)

    def resign(
        self, key: str, owner: str, number: int, notice: bytes, notice_ms: int, ttl_ms: int
    ) -> None:
        self._call("resign")
        self.inner.resign(key, owner, number, notice, notice_ms, ttl_ms)


class Source:
    """A function that gets credentials, and counts how often."""

    def __init__(self, seconds: float = 0.0, life_s: float = 3600) -> None:
        self.calls = 0
        self.threads: list[int] = []
        self.seconds = seconds
        self.life_s = life_s

    def __call__(self) -> dict[str, Any]:
        self.calls += 1
        self.threads.append(threading.get_ident())
        time.sleep(self.seconds)
        expiry = datetime.datetime.now(datetime.timezone.utc)
        expiry += datetime.timedelta(seconds=self.life_s)
        return {
            "access_key": f"AKIA{self.calls}",
            "secret_key": "secret",
            "token": f"token-{id(self)}-{self.calls}",
            "expiry_time": expiry,
        }


@pytest.fixture
def custom() -> Any:
    made = []

    def make(source: Any, **more: Any) -> Any:
        more.setdefault("share_id", "a test")
        session = RefreshableSession(method="custom", custom_credentials_method=source, **more)
        made.append(session)
        return session

    yield make
    for session in made:
        session.close()


def key_of(session: Any) -> str:
    return str(session.credentials["access_key"])


def has_met(session: Any) -> bool:
    counters = session.status().counters
    return bool(counters["share_published"] + counters["share_adopted"] == 1)


def published(session: Any) -> None:
    until(lambda: session.status().counters["share_published"] >= 1)


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
            last = "the new credentials were fetched by another process"
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
        assert "no other process shares these credentials" in caplog.text


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


REFUSALS: list[tuple[dict[str, Any], str, type[Exception]]] = [
    ({"share": 5}, "share", EvercredsValidationError),
    ({"share": object()}, "share", EvercredsValidationError),
    ({"share": FileStore}, "share", EvercredsValidationError),
    ({"share": "STORE"}, "share_key", EvercredsConfigurationError),
    ({"share": "DIR", "share_key": b"short"}, "share_key", EvercredsValidationError),
    ({"share": "DIR", "share_key": "x" * 32}, "share_key", EvercredsValidationError),
    ({"share": "DIR", "share_key": []}, "share_key", EvercredsValidationError),
    ({"share": "DIR", "share_key": [KEY, b"short"]}, "share_key", EvercredsValidationError),
    ({"share": "DIR", "share_name_key": b"short"}, "share_name_key", EvercredsValidationError),
    ({"share": "DIR", "share_id": "x"}, "share_id", EvercredsConfigurationError),
    ({"share": "DIR", "share_wait": "long"}, "share_wait", EvercredsValidationError),
    ({"share": "DIR", "share_wait": 61}, "share_wait", EvercredsValidationError),
    ({"share": "DIR", "share_turn": 0.5}, "share_turn", EvercredsValidationError),
    ({"share": "DIR", "share_turn": True}, "share_turn", EvercredsValidationError),
    ({"share": "DIR", "share_principal": ""}, "share_principal", EvercredsValidationError),
    ({"share": "DIR", "share_principal": 7}, "share_principal", EvercredsValidationError),
    ({"share_key": KEY}, "share_key", EvercredsConfigurationError),
    ({"share_wait": 5}, "share_wait", EvercredsConfigurationError),
    ({"share": False, "share_principal": "me"}, "share_principal", EvercredsConfigurationError),
]


class TestRefusals:
    @pytest.mark.parametrize(("given", "param", "kind"), REFUSALS, ids=str)
    def test_at_construction(
        self,
        sts_session: SessionMaker,
        tmp_path: Path,
        given: dict[str, Any],
        param: str,
        kind: type[Any],
    ) -> None:
        values = {"DIR": str(tmp_path / "store"), "STORE": MemoryStore(tmp_path)}
        share = given.get("share")
        meant = {**given, "share": values.get(share, share) if isinstance(share, str) else share}
        with pytest.raises(kind) as caught:
            sts_session(**meant)
        assert caught.value.param == param
        assert param in str(caught.value)

    def test_custom_sources_need_a_name(self, tmp_path: Path) -> None:
        with pytest.raises(EvercredsConfigurationError, match="share_id") as caught:
            RefreshableSession(
                method="custom", custom_credentials_method=Source(), share=tmp_path / "store"
            )
        assert caught.value.param == "share_id"

    def test_so_do_classes_of_users(self, tmp_path: Path) -> None:
        class Vault(RefreshableSession):
            def fetch_credentials(self) -> Any:
                return Source()()

        with pytest.raises(EvercredsConfigurationError, match="share_id"):
            Vault(share=tmp_path / "store")
        with Vault(share=tmp_path / "store", share_id="vault") as session:
            assert key_of(session) == "AKIA1"

    def test_codes_need_locks(self, sts_session: SessionMaker, role: str, tmp_path: Path) -> None:
        with pytest.raises(EvercredsConfigurationError, match="one-time codes") as caught:
            sts_session(
                assume_role_kwargs={"RoleArn": role, "SerialNumber": MFA},
                mfa_token_provider=lambda: "123456",
                share=MemoryStore(tmp_path),
                share_key=KEY,
            )
        assert caught.value.param == "share"

    def test_so_do_persons(self, tmp_path: Path) -> None:
        """A function that asks a person may send codes: nobody else knows."""
        with pytest.raises(EvercredsConfigurationError, match="a person is asked"):
            RefreshableSession(
                method="custom",
                custom_credentials_method=Source(),
                attended=True,
                share=MemoryStore(tmp_path),
                share_key=KEY,
                share_id="x",
            )

    def test_directories(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        wide, link, file = tmp_path / "wide", tmp_path / "link", tmp_path / "file"
        wide.mkdir(mode=0o755)
        wide.chmod(0o755)
        (tmp_path / "real").mkdir(mode=0o700)
        link.symlink_to(tmp_path / "real")
        file.write_text("")
        for path, rule in ((wide, "0700"), (link, "symbolic"), (file, "must be a directory")):
            with pytest.raises(EvercredsValidationError, match=rule) as caught:
                FileStore(path)
            assert caught.value.param == "share"
        monkeypatch.setattr("os.geteuid", lambda: 12345)
        with pytest.raises(EvercredsValidationError, match="user"):
            FileStore(tmp_path / "real")

    def test_network_file_systems(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from evercreds.share import _machine_facts

        monkeypatch.setattr(_machine_facts, "network_filesystem", lambda path: "NFS")
        with pytest.raises(EvercredsValidationError, match="NFS"):
            FileStore(tmp_path / "store")

    def test_key_files(self, tmp_path: Path) -> None:
        store = FileStore(tmp_path / "store")
        key = store.data_key()
        assert FileStore(tmp_path / "store").data_key() == key
        path = tmp_path / "store" / "key"
        assert path.stat().st_mode & 0o777 == 0o600
        path.chmod(0o644)
        with pytest.raises(EvercredsConfigurationError, match="0600"):
            store.data_key()
        path.rename(tmp_path / "elsewhere")
        path.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(EvercredsConfigurationError, match="symbolic"):
            store.data_key()

    def test_a_wait_that_is_too_short_is_warned_of(self, custom: Any, tmp_path: Path) -> None:
        with pytest.warns(EvercredsWarning, match="share_wait is below twice share_turn"):
            custom(Source(), share=tmp_path / "store", share_wait=5)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            custom(Source(), share=tmp_path / "store", share_wait=5, share_turn=2)


class TestPickles:
    def test_a_directory_goes_along(self, sts_session: SessionMaker, tmp_path: Path) -> None:
        session = sts_session(share=tmp_path / "store")
        with pickle.loads(pickle.dumps(session)) as other:
            assert other.status().share == "idle"

    def test_a_key_does_not(self, sts_session: SessionMaker, tmp_path: Path) -> None:
        for keys in (KEY, [KEY]):
            session = sts_session(share=tmp_path / "store", share_key=keys)
            with pytest.raises(TypeError, match="share_key"):
                pickle.dumps(session)


class TestSickStores:
    """The store may delay a refresh, and never prevents one."""

    @pytest.mark.parametrize("error", [OSError, SystemExit, KeyboardInterrupt, GeneratorExit])
    def test_that_raise(self, custom: Any, tmp_path: Path, error: type[BaseException]) -> None:
        store, source = MemoryStore(tmp_path), Source()

        def fail(_: str) -> None:
            raise error("sick")

        store.before = fail
        session = custom(source, share=store, share_key=KEY)
        assert key_of(session) == "AKIA1"
        assert session.status().share == "solo"
        assert session.status().counters["share_failures"] >= 1

    def test_that_answer_nonsense(self, custom: Any, tmp_path: Path) -> None:
        for answer in (None, 5, Record(number=-1), Record(number=2**70), Record(turn_left_ms="x")):  # type: ignore[arg-type]
            store, source = MemoryStore(tmp_path), Source()
            store.read = lambda key, answer=answer: answer  # type: ignore[method-assign, misc]
            assert key_of(custom(source, share=store, share_key=KEY)) == "AKIA1"

    def test_that_hang(self, custom: Any, tmp_path: Path) -> None:
        store, source, go = MemoryStore(tmp_path), Source(), threading.Event()
        store.call_ms = 250
        store.before = lambda _: wanted_wait(go)
        session = custom(source, share=store, share_key=KEY)
        assert key_of(session) == "AKIA1"
        go.set()
        until(lambda: session.status().counters["unknown_tickets"] >= 1)

    def test_that_use_the_session_itself(self, custom: Any, tmp_path: Path) -> None:
        """The store asks for the session's own credentials, and would wait for itself."""
        store, source = MemoryStore(tmp_path), Source()
        session = custom(source, share=store, share_key=KEY)
        errors: list[Any] = []

        def use(call: str) -> None:
            try:
                session.refreshable_credentials()
            except Exception as error:
                errors.append(error)
                raise

        store.before = use
        assert key_of(session) == "AKIA1"
        assert getattr(errors[0], "code", None) == "reentrant"

    def test_callables_for_keys(self, custom: Any, tmp_path: Path) -> None:
        asked = []

        def keys() -> bytes:
            asked.append(1)
            if len(asked) == 1:
                raise OSError("KMS is down")
            return KEY

        source = Source()
        session = custom(source, share=tmp_path / "store", share_key=keys)
        assert key_of(session) == "AKIA1"
        assert session.status().counters["share_failures"] == 1

    @pytest.mark.parametrize("damage", ["cut", "flip", "other", "empty", "huge"])
    def test_that_were_tampered_with(self, custom: Any, tmp_path: Path, damage: str) -> None:
        source = Source()
        first = custom(source, share=tmp_path / "store")
        key_of(first)
        published(first)
        [path] = [p for p in (tmp_path / "store").glob("evercreds1-*") if not p.suffix]
        content = path.read_bytes()
        at = content.index(b'"entry":"') + 200
        changed = {
            "cut": content[:at],
            "flip": content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :],
            "other": b'{"format": 1, "number": -5, "entry": [], "turn_ends_ms": "x"}',
            "empty": b"",
            "huge": content + b" " * 64 * 2**20,
        }[damage]
        path.write_bytes(changed)
        second = custom(source, share=tmp_path / "store")
        assert key_of(second) == "AKIA2"
        published(second)
        assert key_of(custom(source, share=tmp_path / "store")) == "AKIA2"

    def test_a_directory_that_is_gone_is_made_again(self, custom: Any, tmp_path: Path) -> None:
        session = custom(Source(), share=tmp_path / "store", share_key=KEY)
        (tmp_path / "store").rename(tmp_path / "elsewhere")
        key_of(session)
        published(session)

    def test_a_full_disk(
        self, custom: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from evercreds.share import _file

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        session = custom(Source(), share=tmp_path / "store")
        monkeypatch.setattr(_file, "write_own", full)
        assert key_of(session) == "AKIA1"
        assert session.status().share == "solo"

    def test_a_set_that_is_too_long_ends_the_turn(self, custom: Any, tmp_path: Path) -> None:
        """It cannot be an entry; the next process leads at once."""

        def long() -> dict[str, Any]:
            return {**Source()(), "token": "t" * 9000}

        sessions = [
            custom(long, share=tmp_path / "store", share_turn=30, share_wait=60) for _ in range(2)
        ]
        for session in sessions:
            assert key_of(session) == "AKIA1"
            until(lambda s=session: s.status().counters["share_failures"] >= 1)
            assert session.status().counters["share_published"] == 0
        assert all(session.status().counters["share_alone"] == 0 for session in sessions)

    def test_keys_of_another_group(self, custom: Any, tmp_path: Path) -> None:
        """The name key is the same, and the data key is not: each goes alone, nobody fights."""
        source, name = Source(), bytes(32)
        told: list[Any] = []
        one = custom(source, share=tmp_path / "s", share_key=KEY, share_name_key=name)
        key_of(one)
        published(one)
        two = custom(source, share=tmp_path / "s", share_key=KEY[::-1], share_name_key=name)
        two.on("share", lambda event: told.append(event.share))
        assert key_of(two) == "AKIA2"
        three = custom(source, share=tmp_path / "s", share_key=KEY, share_name_key=name)
        assert key_of(three) == "AKIA1"
        until(lambda: len(told) > 0)
        assert told[0] == "unopened"

    def test_keys_are_rotated(self, custom: Any, tmp_path: Path) -> None:
        """Half of a fleet is behind at each step, and all meet."""
        source, old, new = Source(), KEY, KEY[::-1]
        steps: list[dict[str, Any]] = [
            {"share_key": old},
            {"share_key": [old, new], "share_name_key": old},
            {"share_key": [new, old]},
            {"share_key": new, "share_name_key": old},
        ]
        for before, after in itertools.pairwise(steps):
            for leads, follows in ((before, after), (after, before)):
                leader = custom(source, share=tmp_path / "store", **leads)
                leader.refresh()
                published(leader)
                follower = custom(source, share=tmp_path / "store", **follows)
                assert key_of(follower) == key_of(leader)
                assert follower.status().counters["share_adopted"] == 1


def wanted_wait(go: threading.Event) -> None:
    assert go.wait(60)


class TestCodes:
    """One-time codes: a turn is a lock, and no code is sent twice."""

    def make(self, sts_session: SessionMaker, role: str, tmp_path: Path, code: Any) -> Any:
        return sts_session(
            assume_role_kwargs={"RoleArn": role, "SerialNumber": MFA},
            mfa_token_provider=code,
            attended=True,
            share=tmp_path / "store",
        )

    def test_one_prompt_serves_all(
        self, sts_session: SessionMaker, stand_in: StandIn, role: str, tmp_path: Path
    ) -> None:
        prompts = []

        def code() -> str:
            prompts.append(1)
            time.sleep(0.2)
            return f"{len(prompts):06}"

        sessions = iter([self.make(sts_session, role, tmp_path, code) for _ in range(4)])
        assert len(set(in_threads(4, lambda: key_of(next(sessions))))) == 1
        assert (len(prompts), stand_in.calls(role)["attempts"]) == (1, 1)

    def test_no_code_is_sent_twice(
        self, sts_session: SessionMaker, stand_in: StandIn, role: str, tmp_path: Path
    ) -> None:
        """Another process has sent this code; this one's is not sent."""
        one, two = (self.make(sts_session, role, tmp_path, lambda: "918273") for _ in range(2))
        key_of(one)
        published(one)
        with pytest.raises(EvercredsCredentialError, match="has sent this one-time code") as caught:
            two.refresh()
        assert caught.value.code == "mfa_code_reused"
        assert stand_in.calls(role)["attempts"] == 1

    def test_who_asks_nobody_waits_for_the_next_code(
        self,
        sts_session: SessionMaker,
        stand_in: StandIn,
        role: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """A command gives a code that another process has sent: it is asked again later."""
        from evercreds._sources import mfa

        monkeypatch.setattr(mfa, "_CODE_LASTS_MS", 300)
        one = self.make(sts_session, role, tmp_path, lambda: "918273")
        key_of(one)
        published(one)
        codes = iter(["918273", "918274"])
        two = sts_session(
            assume_role_kwargs={"RoleArn": role, "SerialNumber": MFA},
            mfa_token_provider=lambda: next(codes),
            share=tmp_path / "store",
        )
        two.refresh()
        assert key_of(two) != key_of(one)
        assert stand_in.calls(role)["attempts"] == 2

    def test_a_code_that_cannot_be_marked_is_not_sent(
        self,
        sts_session: SessionMaker,
        stand_in: StandIn,
        role: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        session = self.make(sts_session, role, tmp_path, lambda: "918273")
        monkeypatch.setattr(FileStore, "mark_age_ms", full)
        with pytest.raises(OSError, match="No space"):
            session.refresh()
        assert stand_in.calls(role)["attempts"] == 0

    def test_who_is_stopped_keeps_the_turn(
        self, sts_session: SessionMaker, role: str, tmp_path: Path
    ) -> None:
        """A turn has no end by time here."""
        store = FileStore(tmp_path / "store")
        key, owner = "evercreds1:" + "0" * 32, "a" * 32
        assert store.campaign(key, owner, 0, Seen(0, ""), 1, exclusive=True).won
        time.sleep(0.05)
        other = FileStore(tmp_path / "store")
        record = other.read(key)
        assert record.turn_left_ms >= 1000
        answer = other.campaign(key, "b" * 32, 1, Seen(1, ""), 1, exclusive=True)
        assert not answer.won
        assert answer.left_ms >= 1000
        store.resign(key, owner, 1, b"", 0, 0)
        assert other.campaign(key, "b" * 32, 1, Seen(1, ""), 1, exclusive=True).won


class TestSecrets:
    """In the store's bytes and names, logs, errors and what hangs on them."""

    def test_none_in_the_store(
        self,
        sts_session: SessionMaker,
        stand_in: StandIn,
        role: str,
        tmp_path: Path,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        serial, code = "arn:aws:iam::123456789012:mfa/SentinelSerial", "918273"
        with caplog.at_level(logging.DEBUG, "evercreds"):
            session = sts_session(
                assume_role_kwargs={
                    "RoleArn": role,
                    "RoleSessionName": "SentinelSession",
                    "ExternalId": "SentinelExternalId",
                    "SerialNumber": serial,
                },
                mfa_token_provider=lambda: code,
                share=tmp_path / "store",
            )
            given = session.credentials
            published(session)
            all_is_told(session)
        frozen = session.get_credentials().get_frozen_credentials()
        secrets = [frozen.access_key, frozen.secret_key, frozen.token, code]
        names = [role, "SentinelSession", "SentinelExternalId", serial, "123456789012", "arn:aws"]
        assert given["access_key"] == frozen.access_key
        searched = 0
        for path in (tmp_path / "store").rglob("*"):
            content = path.name.encode() + path.read_bytes()
            searched += len(content)
            assert not [each for each in [*secrets, *names] if each.encode() in content], path
        assert searched > 1000
        assert not [each for each in secrets if each in caplog.text]

    def test_none_on_errors_of_keys(self, custom: Any, tmp_path: Path) -> None:
        bad = b"SentinelDataKey"
        with pytest.raises(EvercredsValidationError) as caught:
            custom(Source(), share=tmp_path / "store", share_key=bad)
        assert not found_on(caught.value, ["SentinelDataKey"])

    def test_none_in_what_is_shown(self, custom: Any, tmp_path: Path) -> None:
        store = FileStore(tmp_path / "store")
        session = custom(Source(), share=store, share_key=b"SentinelDataKey0" * 2)
        key_of(session)
        group = session._host.loop.sharing._group
        entry = Entry(b"SentinelSealed", 1, "0" * 16, 1)
        shown = repr([store, group, group._ring, Record(entry=entry), group._visits])
        assert "Sentinel" not in shown
        assert not found_on(group, ["SentinelDataKey0"])


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


pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="there is no file store"),
    pytest.mark.usefixtures("patient_file_stores"),
]
