"""URLs and tokens that are to outlive their credentials, and handlers on cached clients."""

from __future__ import annotations

import _strptime
import logging
import os
from typing import Any

import pytest
from botocore.config import Config

from conftest import SessionMaker, all_is_told, ended_well, in_child
from evercreds import SessionEvent
from evercreds._library.abi_generated import PRESIGNED

PARAMS = {"Bucket": "bucket", "Key": "key"}


def _warnings(caplog: pytest.LogCaptureFixture) -> int:
    return [each.getMessage() for each in caplog.records].count(PRESIGNED)


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_a_url_that_outlives_its_credentials_is_told_of_once(
    sts_session: SessionMaker, caplog: pytest.LogCaptureFixture, role: str, version: str
) -> None:
    caplog.set_level(logging.WARNING, "evercreds")
    session = sts_session()
    told: list[SessionEvent] = []
    session.on("warning", told.append)
    client = session.client("s3", config=Config(signature_version=version))
    client.generate_presigned_url("get_object", PARAMS, ExpiresIn=600)
    all_is_told(session)
    assert _warnings(caplog) == 0
    for _ in range(2):
        client.generate_presigned_url("get_object", PARAMS, ExpiresIn=7200)
    all_is_told(session)
    assert _warnings(caplog) == 1
    assert [(each.role, each.message) for each in told] == [(role, PRESIGNED)]
    assert [vars(each)["role"] for each in caplog.records if each.getMessage() == PRESIGNED] == [
        role
    ]
    assert not [each for each in caplog.records if "X-Amz" in each.getMessage()]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_signs_whose_parent_was_reading_a_date(sts_session: SessionMaker) -> None:
    """`a thread of the program's reads a date; the process is forked; A signs in the child`."""
    client = sts_session().client("s3", config=Config(signature_version="s3v4"))
    client.generate_presigned_url("get_object", PARAMS, ExpiresIn=600)

    def sign() -> None:
        assert client.generate_presigned_url("get_object", PARAMS, ExpiresIn=7200)

    with _strptime._cache_lock:  # as such a thread has it
        child = in_child(sign)
    assert ended_well(child)


def test_a_token_of_a_database_that_outlives_them_is_told_of(
    sts_session: SessionMaker, caplog: pytest.LogCaptureFixture, stand_in: Any, role: str
) -> None:
    caplog.set_level(logging.WARNING, "evercreds")
    stand_in.lifetime(role, 300)
    session = sts_session()
    rds = session.client("rds")
    assert "X-Amz-Expires=900" in rds.generate_db_auth_token("db.example", 3306, "me")
    all_is_told(session)
    assert _warnings(caplog) == 1


def test_credentials_with_enough_time_left_sign_without_a_warning(
    sts_session: SessionMaker, caplog: pytest.LogCaptureFixture
) -> None:
    """The recipe of the README: ask for the time first, then sign."""
    session = sts_session()
    session.credentials_for(min_ttl=1800)
    session.client("s3").generate_presigned_url("get_object", PARAMS, ExpiresIn=1800)
    all_is_told(session)
    assert _warnings(caplog) == 0


def test_a_handler_with_a_unique_id_is_on_a_cached_client_once(sts_session: SessionMaker) -> None:
    """A cached client keeps its handlers: what is registered at each use runs as often."""
    session = sts_session()
    calls: list[str] = []

    def plain(**_: Any) -> None:
        calls.append("plain")

    def once(**_: Any) -> None:
        calls.append("once")

    for _ in range(3):
        events = session.client("s3").meta.events
        events.register("provide-client-params.s3.GetObject", lambda **more: plain(**more))
        events.register("provide-client-params.s3.GetObject", once, unique_id="ours")
    session.client("s3").generate_presigned_url("get_object", PARAMS)
    assert sorted(calls) == ["once"] + ["plain"] * 3
