"""The caches of boto3's default session."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from conftest import ended_well, in_child, in_threads
from evercreds import RefreshableSession
from evercreds.cache import (
    ClientCacheError,
    ClientCacheKey,
    ResourceCacheError,
    Session,
    client,
    resource,
    setup_default_session,
)


@pytest.fixture(autouse=True)
def _no_default_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


def test_the_default_session_is_made_at_first_need_and_keeps_clients() -> None:
    s3 = client("s3")
    assert isinstance(boto3.DEFAULT_SESSION, Session)
    assert client(service_name="s3") is s3
    assert boto3.client("s3") is s3
    assert boto3.DEFAULT_SESSION.cache.client.LRU.keys() == (ClientCacheKey("s3"),)


def test_resources_are_kept_too() -> None:
    s3 = resource("s3", eviction_policy="LFU", max_size=2)
    assert resource("s3", eviction_policy="LFU") is s3
    assert resource("s3", eviction_policy="LFU", shared=True) is not s3
    assert boto3.DEFAULT_SESSION is not None
    assert boto3.DEFAULT_SESSION.cache.resource.LFU.max_size == 2
    assert len(boto3.DEFAULT_SESSION.cache.client.LRU) == 0


def test_setting_up_replaces_the_default_session() -> None:
    before = client("s3")
    session = setup_default_session(region_name="eu-west-1")
    assert boto3.DEFAULT_SESSION is session
    assert isinstance(session, Session)
    after = client("s3")
    assert after is not before
    assert after.meta.region_name == "eu-west-1"


def test_a_default_session_of_boto3s_own_is_left_as_it_is_and_cached_too() -> None:
    boto3.setup_default_session(region_name="eu-west-1")
    plain = boto3.DEFAULT_SESSION
    s3 = client("s3", max_size=3)
    assert s3.meta.region_name == "eu-west-1"
    assert client("s3") is s3
    assert resource("s3") is resource("s3")
    assert resource("s3", shared=True) is not resource("s3")
    assert boto3.DEFAULT_SESSION is plain
    assert type(plain) is boto3.Session
    boto3.setup_default_session(region_name="eu-central-1")
    assert client("s3").meta.region_name == "eu-central-1"


def test_a_refreshable_session_may_be_the_default_one() -> None:
    session = RefreshableSession(
        assume_role_kwargs={"RoleArn": "arn:aws:iam::123456789012:role/reader"}
    )
    boto3.DEFAULT_SESSION = session
    assert client("s3") is session.client("s3")
    assert resource("s3") is session.resource("s3")


@pytest.mark.parametrize("made_by_boto3", [False, True])
def test_arguments_are_checked(made_by_boto3: bool) -> None:
    if made_by_boto3:
        boto3.setup_default_session()
    with pytest.raises(ClientCacheError, match="Invalid eviction policy"):
        client("s3", eviction_policy="FIFO")  # type: ignore[arg-type]
    with pytest.raises(ResourceCacheError, match="max_size"):
        resource("s3", max_size="3")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="colour"):
        client("s3", colour="red")


def test_threads_that_come_first_share_one_session_and_one_client() -> None:
    clients = in_threads(8, lambda: client("sts"))
    assert len({id(each) for each in clients}) == 1
    assert not isinstance(clients[0], Exception)


def test_a_child_builds_its_own() -> None:
    boto3.setup_default_session()
    inherited: Any = client("sts")

    def child() -> None:
        assert client("sts") is not inherited
        assert client("sts") is client("sts")

    assert ended_well(in_child(child))
    assert client("sts") is inherited
