"""Sessions for a role, on the stand-in, which verifies every signature."""

from __future__ import annotations

import datetime
import http.server
import os
import threading
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials, RefreshableCredentials
from botocore.exceptions import (
    ClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
)

from conftest import SessionMaker, StandIn
from evercreds import (
    IOT_EXTRA_INSTALLED,
    AssumeRoleConfig,
    EvercredsCredentialError,
    EvercredsValidationError,
    RefreshableSession,
    STSRefreshableSession,
)


def test_calls_are_signed_with_the_roles_credentials(
    sts_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    session = sts_session()
    assert stand_in.calls(role)["attempts"] == 0, "nothing is fetched before it is needed"
    s3 = session.client("s3", endpoint_url=stand_in.endpoint)
    assert {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    assert stand_in.calls(role)["successes"] == 1
    for who in (session.get_identity(), session.whoami()):
        assert (
            who["Arn"]
            == f"{role.replace('iam', 'sts').replace('role', 'assumed-role', 1)}/evercreds"
        )


def test_it_is_what_programs_and_libraries_look_for(sts_session: SessionMaker) -> None:
    session = sts_session()
    assert isinstance(session, STSRefreshableSession)
    assert isinstance(session, RefreshableSession)
    assert isinstance(session, boto3.Session)
    assert session.refresh_method == "sts-assume-role"
    iot = ["iot"] if IOT_EXTRA_INSTALLED else []
    assert RefreshableSession.get_available_methods() == ["custom", *iot, "sts"]
    credentials = session.get_credentials()
    assert isinstance(credentials, RefreshableCredentials)
    assert credentials.method == "sts-assume-role"
    frozen = credentials.get_frozen_credentials()
    assert isinstance(frozen, ReadOnlyCredentials)
    assert frozen.account_id == credentials.account_id == "123456789012"
    assert credentials.access_key == frozen.access_key
    assert credentials.secret_key == frozen.secret_key
    assert credentials.token == frozen.token
    assert not credentials.refresh_needed()
    assert credentials.refresh_needed(7200)
    with pytest.raises(AttributeError):
        credentials.access_key = "other"


def test_the_credentials_are_shown_as_on_the_seed_page(sts_session: SessionMaker) -> None:
    session = sts_session()
    shown = session.refreshable_credentials()
    assert shown == session.credentials
    assert set(shown) == {"access_key", "secret_key", "token", "expiry_time"}
    expiry = datetime.datetime.fromisoformat(shown["expiry_time"])
    left = expiry - datetime.datetime.now(datetime.timezone.utc)
    assert expiry.utcoffset() == datetime.timedelta(0)
    assert 3500 < left.total_seconds() <= 3600


def test_each_refresh_reads_parameters_and_writes_none(
    sts_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    config = AssumeRoleConfig(RoleArn=role)
    session = sts_session(assume_role_kwargs=config)
    session.refresh()
    assert dict(config) == {"RoleArn": role}
    assert session.whoami()["Arn"].endswith("/evercreds")
    config.RoleSessionName = "renamed"
    session.refresh()
    assert session.whoami()["Arn"].endswith("/renamed")


def test_base_credentials_are_looked_up_for_each_refresh(
    sts_session: SessionMaker, stand_in: StandIn, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret-of-this-key")
    session = sts_session()
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        session.get_credentials().get_frozen_credentials()
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", stand_in.secret_access_key)
    assert session.whoami()["Account"] == "123456789012"


INCOMPLETE: dict[str, tuple[type[Exception], dict[str, str]]] = {
    "no credentials": (NoCredentialsError, {}),
    "half of a key": (PartialCredentialsError, {"AWS_ACCESS_KEY_ID": "AKIAHALF"}),
    "no region": (
        NoRegionError,
        {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "x"},
    ),
}


@pytest.mark.parametrize(("expected", "names"), INCOMPLETE.values(), ids=INCOMPLETE.keys())
def test_nobody_waits_for_base_credentials_that_never_were(
    expected: type[Exception],
    names: dict[str, str],
    sts_session: SessionMaker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`A asks; source has no base credentials`: the error comes at once."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    if expected is NoRegionError:
        monkeypatch.delenv("AWS_DEFAULT_REGION")
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    session = sts_session(max_wait=600)
    with pytest.raises(expected):
        session.get_credentials().get_frozen_credentials()
    status = session.status()
    assert (status.last_error_class, status.counters["starts"]) == ("permanent", 1)


def test_base_credentials_that_are_gone_may_come_back(
    sts_session: SessionMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`A asks; source answers; the base credentials are gone; A refreshes`."""
    session = sts_session()
    session.refresh()
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(NoCredentialsError):
        session.refresh()
    assert session.status().last_error_class == "recoverable"


class _Metadata(http.server.BaseHTTPRequestHandler):
    """A metadata service of EC2 that answers everything with one status."""

    status = 503

    def _answer(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_PUT = _answer

    def log_message(self, *_: Any) -> None:
        pass


@pytest.mark.parametrize(
    ("status", "expected"), [(503, "recoverable"), (429, "recoverable"), (404, "permanent")]
)
def test_a_metadata_service_that_fails_may_answer_later(
    status: int, expected: str, sts_session: SessionMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`A asks; the metadata service of EC2 fails`: that may pass. One without a role is clear."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED", raising=False)
    handler = type("Handler", (_Metadata,), {"status": status})
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as service:
        threading.Thread(target=service.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{service.server_port}/"
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", address)
        session = sts_session(max_wait=0)
        with pytest.raises(NoCredentialsError):
            session.get_credentials().get_frozen_credentials()
        service.shutdown()
    assert session.status().last_error_class == expected


@pytest.mark.parametrize("with_region", [False, True])
def test_a_given_botocore_session_is_not_changed(
    sts_session: SessionMaker, stand_in: StandIn, with_region: bool
) -> None:
    mine = botocore.session.Session()
    mine.set_credentials(stand_in.access_key_id, stand_in.secret_access_key)
    mine.user_agent_extra = "mine/1"
    seen: list[str] = []
    mine.register("before-send.s3", lambda request, **_: seen.append(request.url))
    before = mine.get_credentials()
    os.environ.pop("AWS_ACCESS_KEY_ID")
    more = {"region_name": "us-east-1"} if with_region else {}
    first, second = sts_session(botocore_session=mine, **more), sts_session(botocore_session=mine)
    first.client("s3", endpoint_url=stand_in.endpoint).list_buckets()
    assert seen, "handlers of the given session see the calls"
    assert second.whoami()["Arn"].endswith("/evercreds")
    assert mine.get_credentials() is before
    assert mine.instance_variables() == {}
    assert mine.user_agent_extra == "mine/1"
    sts = mine.create_client("sts", endpoint_url=stand_in.endpoint)
    assert ":user/" in sts.get_caller_identity()["Arn"]


def test_a_session_can_be_the_base_of_another(
    sts_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    parent = sts_session(assume_role_kwargs={"RoleArn": f"{role[:60]}-parent"})
    child = sts_session(botocore_session=parent._session)
    assert child.whoami()["Arn"].split("/")[1] == role.split("/")[1]
    assert stand_in.calls(f"{role[:60]}-parent")["successes"] == 1


def test_the_refreshing_client_is_not_in_the_cache(sts_session: SessionMaker) -> None:
    session = sts_session()
    session.whoami()
    assert len(session.cache.client.LRU) == len(session.cache.client.LFU) == 0


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "missing_field"}, "malformed"),
        ({"kind": "truncated"}, "malformed"),
        ({"kind": "expired"}, "expired_reply"),
    ],
)
def test_an_unusable_reply_changes_nothing(
    sts_session: SessionMaker, stand_in: StandIn, role: str, fault: dict[str, str], code: str
) -> None:
    session = sts_session()
    before = session.credentials
    stand_in.fault(role=role, **fault)
    with pytest.raises(EvercredsCredentialError) as caught:
        session.refresh()
    assert caught.value.code == code
    assert session.credentials == before
    stand_in.clear_faults()
    session.refresh()
    assert session.credentials != before


def test_a_fetch_retries_but_not_for_ever(
    sts_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    stand_in.fault("access_denied", role=role)
    session = sts_session()
    for _ in range(30):
        with pytest.raises(ClientError, match="AccessDenied"):
            session.get_credentials().get_frozen_credentials()
    assert stand_in.calls(role)["attempts"] == 1, "a permanent error is kept for a while"
    status = session.status()
    assert (status.last_error_class, status.last_error_code) == ("permanent", "source")
    assert status.counters["failures"] == 1


@pytest.mark.parametrize(("by", "tries"), [("environment", 3), ("profile", 1), ("config", 1)])
def test_how_often_sts_is_called_is_the_users_word(
    sts_session: SessionMaker,
    stand_in: StandIn,
    role: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    by: str,
    tries: int,
) -> None:
    client: dict[str, Any] = {"endpoint_url": stand_in.endpoint}
    if by == "profile":
        (tmp_path / "config").write_text(f"[profile patient]\nmax_attempts = {tries}\n")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        monkeypatch.setenv("AWS_PROFILE", "patient")
    else:
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "3")
    if by == "config":
        client["config"] = Config(retries={"mode": "standard", "total_max_attempts": tries})
    stand_in.fault("error", role=role, status=503, code="ServiceUnavailable")
    with pytest.raises(ClientError, match="ServiceUnavailable"):
        sts_session(max_wait=0, sts_client_kwargs=client).refresh()
    assert stand_in.calls(role)["attempts"] == tries


def test_the_servers_clock_counts(sts_session: SessionMaker, stand_in: StandIn, role: str) -> None:
    stand_in.fault("clock_offset", role=role, offset_ms=2 * 3600 * 1000)
    session = sts_session()
    session.refresh()
    assert 3500 < session.status().remaining <= 3600


def test_min_ttl(sts_session: SessionMaker, stand_in: StandIn, role: str) -> None:
    session = sts_session()
    first = session.credentials_for(min_ttl=datetime.timedelta(minutes=30))
    assert first == session.credentials_for(min_ttl=0)
    with pytest.raises(EvercredsCredentialError) as caught:
        session.credentials_for(min_ttl=7200)
    assert caught.value.code == "min_ttl"
    for bad in (-1, "60", True, float("nan"), 1e9):
        with pytest.raises(EvercredsValidationError, match="min_ttl"):
            session.credentials_for(min_ttl=bad)


def test_a_closed_session_says_so(sts_session: SessionMaker) -> None:
    with sts_session() as session:
        credentials = session.get_credentials()
        credentials.get_frozen_credentials()
    assert session.status().closed
    for use in (credentials.get_frozen_credentials, session.refresh, lambda: session.credentials):
        with pytest.raises(EvercredsCredentialError) as caught:
            use()
        assert caught.value.code == "closed"
    session.close()


def test_keys_of_the_sts_client_need_no_base_credentials(stand_in: StandIn, role: str) -> None:
    session = RefreshableSession(
        assume_role_kwargs={"RoleArn": role},
        sts_client_kwargs={
            "endpoint_url": stand_in.endpoint,
            "aws_access_key_id": stand_in.access_key_id,
            "aws_secret_access_key": stand_in.secret_access_key,
        },
    )
    assert session.credentials["access_key"]
    session.refresh()
    assert stand_in.calls(role)["successes"] == 2
