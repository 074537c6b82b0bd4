"""The caches of a session."""

from __future__ import annotations

import itertools
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config

from conftest import SessionMaker, StandIn, ended_well, in_child, in_threads
from evercreds import RefreshableSession, cache
from evercreds.cache import (
    ClientCacheError,
    ClientCacheKey,
    ResourceCacheError,
    ResourceCacheKey,
    Session,
)

SENTINEL = "SentinelValue0123456789"
KEYS = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"]


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


# Requests that mean the same, where the session's region is us-east-1.
SPELLED_OUT: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}),
    (("us-east-1",), {}),
    ((), {"region_name": "us-east-1"}),
    ((), {"config": Config()}),
    ((), {"config": Config(region_name="us-east-1")}),
    ((), {"region_name": "us-east-1", "config": Config(region_name="us-east-1")}),
    (("us-east-1",), {"use_ssl": True, "config": Config(proxies=None, region_name=None)}),
]


@pytest.mark.parametrize("first", range(len(SPELLED_OUT)))
def test_the_sessions_defaults_spelled_out_are_the_same_request(first: int) -> None:
    """Whichever comes first, and again: what is remembered must be found too."""
    session: Any = Session(region_name="us-east-1")
    args, kwargs = SPELLED_OUT[first]
    client = session.client("sts", *args, **kwargs)
    resource = session.resource("s3", *args, **kwargs)
    for args, kwargs in SPELLED_OUT * 2:
        assert session.client("sts", *args, **kwargs) is client
        assert session.resource("s3", *args, **kwargs) is resource
        assert session.cache.client.LRU[ClientCacheKey("sts", *args, **kwargs)] is client
        assert ResourceCacheKey("s3", *args, **kwargs) in session.cache.resource.LRU
    assert len(session.cache.client.LRU) == 1
    assert len(session.cache.client.LRU.copy()) == 1
    assert session.client("sts", "eu-west-1") is not client
    assert session.client("sts", config=Config(region_name="eu-west-1")) is session.client(
        "sts", "eu-west-1"
    )
    # boto3's client of S3 takes that region, others take the parameter.
    other = Config(region_name="eu-west-1")
    assert session.client("sts", region_name="us-east-1", config=other) is not client
    session.cache.client.LRU.pop(ClientCacheKey("sts", "us-east-1"))
    assert session.client("sts") is not client


def test_what_the_session_takes_by_default_counts_as_it_is_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    session: Any = Session()
    first = session.client("sts")
    assert session.client("sts", "us-east-1") is first
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    other = session.client("sts", "eu-west-1")
    assert other.meta.region_name == "eu-west-1"
    assert session.client("sts", "us-east-1") is first
    session.clear_cache()
    assert session.client("sts") is session.client("sts", "eu-west-1")


def test_the_sessions_default_config_and_bundle_spelled_out_are_the_same_request() -> None:
    core = botocore.session.Session()
    core.set_default_client_config(Config(region_name="eu-west-1", read_timeout=5))
    core.set_config_variable("ca_bundle", "/bundle.pem")
    session: Any = Session(botocore_session=core)
    client = session.client("sts")
    assert client.meta.region_name == "eu-west-1"
    for kwargs in (
        {"config": Config()},
        {"config": Config(read_timeout=5)},
        {"region_name": "eu-west-1", "verify": "/bundle.pem"},
    ):
        assert session.client("sts", **kwargs) is client
    assert session.client("sts", config=Config(read_timeout=6)) is not client
    assert session.client("sts", verify=False) is not client


def test_a_session_whose_region_cannot_be_read_is_boto3s_affair() -> None:
    class Broken:
        def provide(self) -> Any:
            raise LookupError("no region today")

        def __deepcopy__(self, memo: object) -> Broken:
            return self

    core = botocore.session.Session()
    core.get_component("config_store").set_config_provider("region", Broken())
    session: Any = Session(botocore_session=core)
    assert session.client("sts", "eu-west-1") is session.client("sts", "eu-west-1")
    with pytest.raises(LookupError, match="no region today"):
        session.client("sts")


@pytest.mark.parametrize("policy", ["LRU", "LFU"])
def test_words_that_are_remembered_say_the_same_and_no_secret(session: Any, policy: Any) -> None:
    cache = session.cache.client[policy]

    def ask(*args: Any, **kwargs: Any) -> Any:
        return session.client("sts", *args, eviction_policy=policy, **kwargs)

    plain = ask("eu-west-1")
    for value in (True, 1, 1.0, "1", "True"):
        one = ask("eu-west-1", verify=value)
        assert all(ask("eu-west-1", verify=value) is one for _ in range(3))
    assert len(cache) == 6
    secrets: list[dict[str, Any]] = [
        {"aws_access_key_id": SENTINEL, "aws_secret_access_key": SENTINEL},
        {"endpoint_url": f"https://u:{SENTINEL}@h"},
        {"config": Config(proxies={"http": f"http://u:{SENTINEL}@h"})},
    ]
    for kwargs in secrets * 3:
        assert ask("eu-west-1", **kwargs) is ask("eu-west-1", **kwargs)
    assert ask("eu-west-1") is plain
    assert cache._entries.remembered
    assert SENTINEL not in repr(cache._entries.remembered)
    names = ["region_name", "api_version", "verify", "endpoint_url", *KEYS]
    for order in itertools.islice(itertools.permutations(names), 1500):
        assert ask(**dict.fromkeys(order)) is ask()
    assert len(cache._entries.remembered) <= 1024


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


def test_a_key_finds_what_the_session_made(session: Any) -> None:
    s3 = session.client("s3", region_name="us-east-1")
    assert session.cache.client["LRU"][ClientCacheKey("s3", region_name="us-east-1")] is s3
    resource = session.resource("s3", eviction_policy="LFU")
    shared = session.resource("s3", eviction_policy="LFU", shared=True)
    assert session.cache["resource"]["LFU"][ResourceCacheKey("s3")] is resource
    assert session.cache["resource"]["LFU"][ResourceCacheKey("s3", shared=True)] is shared
    mine = session.cache.client.LRU.pop(ClientCacheKey("s3", "us-east-1"))
    key = ClientCacheKey("sts")
    session.cache.client.LRU[key] = mine
    assert session.client("sts") is mine


def test_a_request_with_a_bound_keeps_what_it_gives(session: Any) -> None:
    clients = [session.client("sts", region_name=region) for region in ("a-1", "b-1", "c-1")]
    assert session.client("sts", region_name="a-1", max_size=1) is clients[0]
    assert session.cache.client.LRU.values() == (clients[0],)
    session.client("sts", region_name="b-1")
    assert session.cache.client.LRU.max_size == 1
    assert session.cache.client.LFU.max_size == 10


def test_a_bound_that_grows_evicts_nothing(session: Any) -> None:
    first = session.client("sts", region_name="a-1", max_size=1)
    session.client("sts", region_name="b-1", max_size=2)
    assert session.client("sts", region_name="a-1") is first


def test_a_shared_resource_is_one_for_all_threads(session: Any) -> None:
    mine = session.resource("s3", shared=True)
    assert in_threads(3, lambda: session.resource("s3", shared=True)) == [mine] * 3
    assert session.resource("s3") is not mine
    assert session.resource("s3", shared=False) is session.resource("s3")
    with pytest.raises(ResourceCacheError, match="shared must be True or False"):
        session.resource("s3", shared="yes")


def test_clients_that_a_resources_making_asks_for_are_kept(session: Any) -> None:
    """Only the client that boto3 makes for the resource is not among the user's."""
    asked = []
    session.events.register(
        "creating-resource-class.s3.ServiceResource",
        lambda **_: asked.append(session.client("sts")),
    )
    session.resource("s3")
    assert asked == [session.client("sts")]
    assert session.cache.client.LRU.keys() == (ClientCacheKey("sts"),)


@pytest.mark.parametrize("kind", [Session, boto3.Session])
@pytest.mark.parametrize("by_position", [False, True])
def test_a_none_that_resets_the_sessions_default_config_is_heeded(
    kind: Any, by_position: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    core = botocore.session.Session()
    core.set_default_client_config(Config(user_agent_extra="extra"))
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", kind(botocore_session=core))

    def client(config: Config) -> Any:
        if by_position:
            between = (None, True, None, None, None, None, None)  # up to aws_session_token
            return cache.client("sts", "us-east-1", *between, config)
        return cache.client("sts", "us-east-1", config=config)

    plain = client(Config(read_timeout=5))
    reset = client(Config(read_timeout=5, user_agent_extra=None))
    assert plain.meta.config.user_agent_extra == "extra"
    assert reset.meta.config.user_agent_extra is None
    assert client(Config(read_timeout=5)) is plain


def test_the_sessions_own_clients_are_not_among_the_users(
    sts_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    session = sts_session()
    for _ in range(3):
        session.refresh()
        assert ":assumed-role/" in session.whoami()["Arn"]
    for caches in (session.cache.client, session.cache.resource):
        assert caches.LRU.keys() == caches.LFU.keys() == ()
    # However often clients are evicted, it is the same who asks.
    for timeout_s in (10, 20, 10, 20):
        config = Config(read_timeout=timeout_s)
        sts = session.client("sts", endpoint_url=stand_in.endpoint, config=config, max_size=1)
        assert ":assumed-role/" in sts.get_caller_identity()["Arn"]
        assert ":assumed-role/" in session.whoami()["Arn"]
    assert len(session.cache.client.LRU) == 1


def test_close_takes_all_out(session: Any) -> None:
    session.client("sts")
    session.client("sts", eviction_policy="LFU")
    session.resource("s3")
    session.close()
    assert not session.cache.client.LRU
    assert not session.cache.client.LFU
    assert not session.cache.resource.LRU


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
