"""The caches of clients and resources."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import in_threads
from defects.names import cache
from defects.sources import custom, good, printed

THREADS = 16


@pytest.fixture
def session() -> Any:
    """A session that has made no client yet."""
    return custom(good)


def test_C1_threads_that_ask_for_one_cold_client_get_it(session: Any) -> None:
    """Sixteen threads that ask for one client that is not there yet all get the same."""
    got = in_threads(THREADS, lambda: session.client("dynamodb"))
    errors = [str(each) for each in got if isinstance(each, Exception)]
    assert (len(errors), errors[:1]) == (0, [])
    assert len({id(each) for each in got}) == 1


def test_C2_a_bound_of_zero_works(session: Any) -> None:
    """With max_size=0 a client is given and not kept."""
    assert session.client("sts", max_size=0).meta.service_model.service_name == "sts"
    assert len(session.cache.client.LRU) == 0


def test_C3_spelled_out_defaults_are_the_same_client(session: Any) -> None:
    """The same parameters are the same client, however they are written."""
    plain = session.client("s3")
    assert session.client("s3", None, use_ssl=True) is plain
    assert session.client("s3", region_name="eu-west-1") is session.client("s3", "eu-west-1")


def test_C4_a_resource_takes_no_place_among_the_clients() -> None:
    """A resource's client does not evict clients."""
    session = cache.Session()
    session.resource("s3")
    assert len(session.cache.resource.LRU) == 1
    assert len(session.cache.client.LRU) == 0


def test_C5_resources_are_not_shared_between_threads(session: Any) -> None:
    """Each thread has resources of its own: boto3 says that they cannot be shared."""
    mine = session.resource("s3")
    (others,) = in_threads(1, lambda: session.resource("s3"))
    assert others.meta.service_name == "s3"
    assert others is not mine


def test_C7_the_documented_call_works() -> None:
    """ClientCache("LFU", 30) is a cache of 30."""
    assert cache.ClientCache("LFU", 30).max_size == 30
    assert cache.ResourceCache("LRU", 30).max_size == 30


def test_C9_a_client_that_is_evicted_at_once_is_still_given(session: Any) -> None:
    """Whoever asked for a client gets it, also when the cache could not keep it."""
    for _ in range(3):
        session.client("sts", eviction_policy="LFU")
    # New, and the least frequently used of two: it goes as soon as there is room for one.
    given = session.client("sqs", eviction_policy="LFU", max_size=1)
    assert given.meta.service_model.service_name == "sqs"


CHECKS = """
import importlib, sys

package, cache = map(importlib.import_module, sys.argv[1:])
ROLE = {"RoleArn": "arn:aws:iam::123456789012:role/reader", "SerialNumber": "arn:aws:iam::1:mfa/x"}


def client_of_no_policy():
    cache.Session().client("sqs", eviction_policy="FIFO")


def provider_of_codes_that_is_a_number():
    package.RefreshableSession(assume_role_kwargs=ROLE, mfa_token_provider=7)


for check in (client_of_no_policy, provider_of_codes_that_is_a_number):
    try:
        check()
    except Exception as error:
        print(check.__name__, type(error).__name__)
    else:
        print(check.__name__, "is accepted")
"""


def test_C10_checks_are_there_under_O() -> None:
    """python -O takes no check away."""
    said = printed(CHECKS)
    assert len(said) == 2
    assert printed(CHECKS, "-O") == said
