"""Sessions that share and send one-time codes."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from conftest import SessionMaker, StandIn, in_threads
from evercreds.errors import (
    EvercredsCredentialError,
)
from evercreds.share import (
    FileStore,
    Seen,
)
from share_kit import MFA, key_of, published

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="there is no file store"),
    pytest.mark.usefixtures("patient_file_stores"),
]


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
