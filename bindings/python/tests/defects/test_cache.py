"""The caches of clients and resources."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from conftest import in_threads
from defects.sources import custom, good, printed
from evercreds import cache

THREADS = 16


@pytest.fixture(params=["session of credentials", "session of the cache"])
def session(request: pytest.FixtureRequest) -> Any:
    """A session that has made no client yet."""
    if request.param == "session of credentials":
        return custom(good)
    return cache.Session(aws_access_key_id="AKIA", aws_secret_access_key="secret")


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The services whose clients boto3 is asked to build."""
    built = []
    build = boto3.Session.client

    def counting(self: Any, service_name: str, *args: Any, **kwargs: Any) -> Any:
        built.append(service_name)
        return build(self, service_name, *args, **kwargs)

    monkeypatch.setattr(boto3.Session, "client", counting)
    return built


def test_C1_threads_that_ask_for_one_cold_client_get_it(session: Any, builds: list[str]) -> None:
    """Sixteen threads that ask for one client that is not there yet all get the same."""
    got = in_threads(THREADS, lambda: session.client("dynamodb"))
    errors = [str(each) for each in got if isinstance(each, Exception)]
    assert (len(errors), errors[:1]) == (0, [])
    assert len({id(each) for each in got}) == 1
    assert builds == ["dynamodb"]


@pytest.mark.parametrize("policy", ["LRU", "LFU"])
def test_C2_a_bound_of_zero_works(session: Any, policy: str) -> None:
    """With max_size=0 a client is given and not kept."""
    for _ in range(2):
        client = session.client("sts", eviction_policy=policy, max_size=0)
        assert client.meta.service_model.service_name == "sts"
    assert len(session.cache.client[policy]) == 0


def test_C3_spelled_out_defaults_are_the_same_client(session: Any) -> None:
    """The same parameters are the same client, however they are written."""
    for args, kwargs in (
        ((), {"service_name": "sts"}),
        (("sts", None), {}),
        (("sts", None, None, True), {}),
        (("sts",), {"region_name": None, "use_ssl": True, "verify": None, "config": None}),
    ):
        assert session.client(*args, **kwargs) is session.client("sts")
        assert cache.ClientCacheKey(*args, **kwargs) == cache.ClientCacheKey("sts")
    assert session.client("s3", region_name="eu-west-1") is session.client("s3", "eu-west-1")


def test_C4_a_resource_takes_no_place_among_the_clients(session: Any) -> None:
    """A resource's client does not evict clients."""
    session.resource("s3")
    assert len(session.cache.resource.LRU) == 1
    assert len(session.cache.client.LRU) == 0


def test_C5_resources_are_not_shared_between_threads(session: Any) -> None:
    """Each thread has resources of its own: boto3 says that they cannot be shared."""
    mine = session.resource("s3")
    assert session.resource("s3") is mine
    (other,) = in_threads(1, lambda: session.resource("s3"))
    assert other.meta.service_name == "s3"
    assert other.meta.client is not mine.meta.client
    assert other is not mine


def test_C7_the_documented_call_works() -> None:
    """ClientCache("LFU", 30) is a cache of 30."""
    made = cache.ClientCache("LFU", 30)
    assert isinstance(made, cache.LFUClientCache)
    assert made.max_size == 30
    assert cache.ResourceCache("LRU", 30).max_size == 30


def test_C9_a_client_that_is_evicted_at_once_is_still_given(session: Any) -> None:
    """Whoever asked for a client gets it, also when the cache could not keep it."""
    for _ in range(3):
        session.client("sts", eviction_policy="LFU")
    # New, and the least frequently used of two: it goes as soon as there is room for one.
    given = session.client("sqs", eviction_policy="LFU", max_size=1)
    assert given.meta.service_model.service_name == "sqs"
    first = session.client("sts", region_name="us-east-1")
    session.client("sts", region_name="us-east-2")
    assert session.client("sts", region_name="us-east-1", max_size=1) is first


CHECKS = """
import evercreds
from evercreds.cache import ClientCacheError, Session

ROLE = {"RoleArn": "arn:aws:iam::123456789012:role/reader", "SerialNumber": "arn:aws:iam::1:mfa/x"}
for policy in ("FIFO", 7, ["LRU"]):
    try:
        Session().client("sqs", eviction_policy=policy)
    except ClientCacheError as error:
        print("Invalid eviction policy" in str(error))
try:
    evercreds.RefreshableSession(assume_role_kwargs=ROLE, mfa_token_provider=7)
except evercreds.EvercredsError as error:
    print("mfa_token_provider" in str(error))
"""


@pytest.mark.parametrize("options", [[], ["-O"]])
def test_C10_checks_are_there_under_O(options: list[str]) -> None:
    """python -O takes no check away."""
    assert printed(CHECKS, *options) == ["True"] * 4
