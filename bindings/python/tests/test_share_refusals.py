"""Sharing that is refused, with a clear word, and sessions that are pickled."""

from __future__ import annotations

import os
import pickle
import warnings
from pathlib import Path
from typing import Any

import pytest

from conftest import SessionMaker
from evercreds import RefreshableSession
from evercreds.errors import (
    EvercredsConfigurationError,
    EvercredsValidationError,
    EvercredsWarning,
)
from evercreds.share import (
    FileStore,
)
from share_kit import KEY, MFA, MemoryStore, Source, key_of

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="there is no file store"),
    pytest.mark.usefixtures("patient_file_stores"),
]


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
