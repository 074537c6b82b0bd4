"""What sessions that share show of their secrets: nothing."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import pytest

from conftest import SessionMaker, StandIn, all_is_told
from evercreds.errors import (
    EvercredsValidationError,
)
from evercreds.share import (
    Entry,
    FileStore,
    Record,
)
from reachable import found_on
from share_kit import Source, key_of, published

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="there is no file store"),
    pytest.mark.usefixtures("patient_file_stores"),
]


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
