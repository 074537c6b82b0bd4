"""Sessions whose store fails, hangs or is slow."""

from __future__ import annotations

import itertools
import logging
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from conftest import SessionMaker, StandIn, until
from evercreds._host.sharing import UnreadableError
from evercreds._waiting.clock import SYSTEM_CLOCK
from evercreds.share import (
    Record,
)
from evercreds.share._group import StoreGroup
from evercreds.share._keys import KeyRing
from share_kit import KEY, MemoryStore, Source, key_of, published

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="there is no file store"),
    pytest.mark.usefixtures("patient_file_stores"),
]


def wanted_wait(go: threading.Event) -> None:
    assert go.wait(60)


def reasons(session: Any) -> list[str]:
    """Hear why refreshes are not shared."""
    told: list[str] = []
    session.on("share", lambda event: told.extend([event.reason] if event.reason else []))
    return told


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

    def test_callables_for_keys(
        self, custom: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        asked = []

        def keys() -> bytes:
            asked.append(1)
            if len(asked) == 1:
                raise OSError("KMS is down")
            return KEY

        source = Source()
        session = custom(source, share=tmp_path / "store", share_key=keys)
        told = reasons(session)
        with caplog.at_level(logging.DEBUG, "evercreds"):
            assert key_of(session) == "AKIA1"
            assert session.status().counters["share_failures"] == 1
            until(lambda: told == ["key"] and "share_key failed" in caplog.text)
        why = "share_key failed or returned no keys, or the directory has lost its own (OSError)"
        assert f"refreshes are not shared for a while: {why}" in caplog.text
        assert "KMS is down" not in caplog.text

    def test_who_calls_is_not_known(
        self, sts_session: SessionMaker, stand_in: StandIn, tmp_path: Path
    ) -> None:
        base = sts_session().get_credentials().get_frozen_credentials()
        stand_in.fault("error", action="GetCallerIdentity", code="AccessDenied", status=403)
        session = sts_session(
            share=tmp_path / "store",
            aws_access_key_id=base.access_key,
            aws_secret_access_key=base.secret_key,
            aws_session_token=base.token,
        )
        told = reasons(session)
        assert key_of(session)
        until(lambda: told == ["principal"])

    def test_keys_that_are_not_to_be_had_a_second_time(
        self, custom: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """B's entry has a key that A does not know, and A cannot ask again: the entry stays B's."""
        monkeypatch.setattr("evercreds.share._keys._PAUSE_S", 0)
        store, name, given = MemoryStore(tmp_path), b"n" * 32, [KEY]
        other = custom(Source(), share=store, share_key=KEY[::-1], share_name_key=name)
        assert key_of(other) == "AKIA1"
        published(other)
        inputs = {"format": 1, "method": "custom", "share_id": "a test"}
        group = StoreGroup(
            store,
            KeyRing(given.pop, name),
            lambda: inputs,
            (),
            SYSTEM_CLOCK,
            asks_aws=lambda: False,
            is_exclusive=False,
            first_ms=1000,
        )
        with pytest.raises(UnreadableError):
            group.look(1)
        assert not given

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
