"""A service says that the credentials are no good: the call is tried again with new ones."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from conftest import SessionMaker, StandIn


def revoke(stand_in: StandIn, session: Any) -> None:
    stand_in.control("POST", "revoke", access_key_id=session.credentials["access_key"])


@pytest.mark.parametrize("service", ["s3", "sts"])
def test_the_retried_call_succeeds(
    sts_session: SessionMaker, stand_in: StandIn, role: str, service: str
) -> None:
    session = sts_session()
    client = session.client(service, endpoint_url=stand_in.endpoint)
    call = client.list_buckets if service == "s3" else client.get_caller_identity
    call()
    revoke(stand_in, session)
    reply = call()
    assert reply["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert stand_in.calls(role)["successes"] == 2
    assert session.status().counters["rejections"] == 1


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException", "InvalidToken"])
def test_a_call_is_tried_again_once(
    sts_session: SessionMaker, stand_in: StandIn, role: str, code: str
) -> None:
    session = sts_session()
    s3 = session.client("s3", endpoint_url=stand_in.endpoint)
    s3.list_buckets()
    stand_in.fault("error", role=role, action="ListBuckets", code=code, status=400)
    with pytest.raises(ClientError, match=code):
        s3.list_buckets()
    assert stand_in.calls(role)["successes"] == 2
    assert session.status().counters["rejections"] == 1, "a call reports once"


def test_access_denied_is_no_rejection(
    sts_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    session = sts_session()
    s3 = session.client("s3", endpoint_url=stand_in.endpoint)
    stand_in.fault("access_denied", role=role, action="ListBuckets")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.list_buckets()
    assert session.status().counters["rejections"] == 0
    assert stand_in.calls(role)["successes"] == 1


def test_a_client_with_keys_of_its_own_is_left_alone(
    sts_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    session = sts_session()
    other = sts_session().credentials
    s3 = session.client(
        "s3",
        endpoint_url=stand_in.endpoint,
        aws_access_key_id=other["access_key"],
        aws_secret_access_key=other["secret_key"],
        aws_session_token=other["token"],
    )
    session.refresh()
    stand_in.control("POST", "revoke", access_key_id=other["access_key"])
    with pytest.raises(ClientError):
        s3.list_buckets()
    assert session.status().counters["rejections"] == 0


def test_a_resource_is_watched_too(sts_session: SessionMaker, stand_in: StandIn, role: str) -> None:
    session = sts_session()
    s3 = session.resource("s3", endpoint_url=stand_in.endpoint)
    assert list(s3.buckets.all())
    revoke(stand_in, session)
    assert list(s3.buckets.all())
    assert stand_in.calls(role)["successes"] == 2


def test_a_parent_is_told_of_its_own_set_alone(
    sts_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    parent = sts_session(assume_role_kwargs={"RoleArn": f"{role[:60]}-parent"})
    child = sts_session(botocore_session=parent._session)
    s3 = child.client("s3", endpoint_url=stand_in.endpoint)
    s3.list_buckets()
    revoke(stand_in, parent)
    child.refresh()
    assert parent.status().counters["rejections"] == 1
    assert child.status().counters["rejections"] == 0
    revoke(stand_in, child)
    assert s3.list_buckets()["Buckets"]
    assert parent.status().counters["rejections"] == 1
    assert child.status().counters["rejections"] == 1


def test_the_user_may_say_so_himself(
    sts_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    session = sts_session()
    session.invalidate()  # nothing is held yet
    first = session.credentials
    session.invalidate()
    assert session.status().rejected
    assert session.credentials != first


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_a_call_is_tried_again_in_every_retry_mode(
    sts_session: SessionMaker, stand_in: StandIn, role: str, mode: str
) -> None:
    """Also where the user wants no retries: this one is not for the service's sake."""
    session = sts_session()
    config = Config(retries={"mode": mode, "total_max_attempts": 1})
    s3 = session.client("s3", endpoint_url=stand_in.endpoint, config=config)
    s3.list_buckets()
    revoke(stand_in, session)
    assert s3.list_buckets()["Buckets"]
    assert stand_in.calls(role)["successes"] == 2
