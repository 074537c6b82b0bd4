"""The caches of clients and resources."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from botocore.config import Config
from hypothesis import given
from hypothesis import strategies as st

from conftest import ended_well, in_child, in_threads
from evercreds import RefreshableSession
from evercreds.cache import ClientCache, ClientCacheError, ResourceCacheError, Session
from evercreds.cache._keys import request_key


@pytest.fixture
def session() -> Any:
    return RefreshableSession(
        assume_role_kwargs={"RoleArn": "arn:aws:iam::123456789012:role/reader"}
    )


def test_a_client_is_built_once(session: Any) -> None:
    s3 = session.client("s3")
    for same in (
        session.client(service_name="s3"),
        session.client("s3", None, use_ssl=True),
        session.client("s3", region_name=None, config=None, verify=None),
    ):
        assert same is s3
    assert session.client("s3", region_name="eu-west-1") is not s3
    assert session.client("s3", use_ssl=False) is not s3
    assert session.cache.client.LRU.values() == session.cache["client"]["LRU"].values()
    assert len(session.cache.client.LRU) == 3
    assert len(session.cache.client.LFU) == 0


def test_equal_configs_are_one_key(session: Any) -> None:
    def config(**more: Any) -> Config:
        return Config(retries={"mode": "standard", "max_attempts": 2}, **more)

    assert session.client("s3", config=config()) is session.client("s3", config=config())
    assert session.client("s3", config=config(read_timeout=5)) is not session.client(
        "s3", config=config()
    )


def test_threads_that_ask_for_one_cold_client_get_one(session: Any) -> None:
    clients = in_threads(16, lambda: session.client("dynamodb"))
    assert len({id(client) for client in clients}) == 1


def test_a_build_that_fails_is_tried_again_by_the_next() -> None:
    cache, calls = ClientCache(), []

    def fails_once() -> str:
        calls.append(threading.get_ident())
        if len(calls) == 1:
            threading.Event().wait(0.2)
            raise LookupError
        return "made"

    outcomes = in_threads(8, lambda: cache.get_or_make("key", fails_once))
    assert sum(isinstance(each, LookupError) for each in outcomes) == 1
    assert outcomes.count("made") == 7
    assert len(calls) == 2


@pytest.mark.parametrize("policy", ["LRU", "LFU"])
def test_the_bound_holds(session: Any, policy: Any) -> None:
    regions = ["us-east-1", "us-east-2", "us-west-1", "us-west-2"]
    for region in regions:
        session.client("sts", region_name=region, eviction_policy=policy, max_size=-2)
    cache = session.cache.client[policy]
    assert cache.max_size == 2
    assert [client.meta.region_name for client in cache.values()] == regions[2:]
    cache.max_size = 1
    assert [client.meta.region_name for client in cache.values()] == regions[3:]
    cache.clear()
    assert len(cache) == 0


def test_a_bound_of_zero_keeps_nothing_and_works(session: Any) -> None:
    first = session.client("sts", max_size=0)
    assert session.client("sts") is not first
    assert len(session.cache.client.LRU) == 0


def test_the_policies_differ_in_what_goes() -> None:
    lru, lfu = ClientCache("LRU", max_size=2), ClientCache("LFU", max_size=2)
    for cache in (lru, lfu):
        for key in ("often", "often", "often", "once", "new"):
            cache.get_or_make(key, lambda key=key: key)  # type: ignore[misc]
    assert set(lru.values()) == {"once", "new"}
    assert set(lfu.values()) == {"often", "new"}


def test_a_resource_takes_no_place_among_the_clients_and_is_its_threads_own(session: Any) -> None:
    mine = session.resource("s3")
    assert session.resource("s3") is mine
    assert len(session.cache.client.LRU) == 0
    assert len(session.cache.resource.LRU) == 1
    others = in_threads(3, lambda: session.resource("s3"))
    assert all(other is not mine for other in others)
    assert len({id(other) for other in others}) == 3
    assert session.client("s3") is not mine.meta.client


@pytest.mark.parametrize(
    ("arguments", "param"),
    [
        ({"eviction_policy": "FIFO"}, "eviction_policy"),
        ({"eviction_policy": 7}, "eviction_policy"),
        ({"max_size": "10"}, "max_size"),
        ({"max_size": True}, "max_size"),
        ({"max_size": 1 << 40}, "max_size"),
    ],
)
def test_arguments_are_checked(session: Any, arguments: dict[str, Any], param: str) -> None:
    with pytest.raises(ClientCacheError, match=param) as caught:
        session.client("s3", **arguments)
    assert caught.value.param == param
    with pytest.raises(ResourceCacheError, match=param):
        session.resource("s3", **arguments)


def test_boto3_refuses_what_it_does_not_know(session: Any) -> None:
    with pytest.raises(TypeError, match="colour"):
        session.client("s3", colour="red")
    with pytest.raises(TypeError):
        session.client("s3", service_name="s3")


def test_a_child_builds_its_own(session: Any) -> None:
    inherited = session.client("sts")

    def child() -> None:
        assert len(session.cache.client.LRU) == 0
        assert session.client("sts") is not inherited

    assert ended_well(in_child(child))
    assert session.client("sts") is inherited


def test_it_serves_plain_sessions_too() -> None:
    session = Session(region_name="eu-central-1")
    assert session.client("sts") is session.client("sts")


NAMES = ["region_name", "api_version", "endpoint_url", "aws_session_token"]
VALUES = st.sampled_from([None, "a", "b"])


@given(st.dictionaries(st.sampled_from(NAMES), VALUES), st.randoms())
def test_the_order_and_the_defaults_do_not_count(given: dict[str, Any], random: Any) -> None:
    shuffled = list(given.items())
    random.shuffle(shuffled)
    plain = {name: value for name, value in given.items() if value is not None}
    key = request_key("client", ("s3",), given)
    assert key == request_key("client", (), {"service_name": "s3", **dict(shuffled)})
    assert key == request_key("client", ("s3",), plain)
    assert hash(key) == hash(request_key("client", ("s3",), plain))


@given(
    st.dictionaries(st.sampled_from(NAMES), VALUES), st.dictionaries(st.sampled_from(NAMES), VALUES)
)
def test_different_parameters_are_different_keys(one: dict[str, Any], two: dict[str, Any]) -> None:
    def bare(given: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in given.items() if value is not None}

    same = request_key("client", ("s3",), one) == request_key("client", ("s3",), two)
    assert same == (bare(one) == bare(two))
