"""The caches as mappings."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import boto3
import pytest

import evercreds.cache
from conftest import in_threads
from evercreds.cache import (
    CacheError,
    ClientCache,
    ClientCacheError,
    ClientCacheExistsError,
    ClientCacheKey,
    ClientCacheNotFoundError,
    LFUClientCache,
    LFUResourceCache,
    LRUClientCache,
    LRUResourceCache,
    ResourceCache,
    ResourceCacheError,
    ResourceCacheExistsError,
    ResourceCacheKey,
    ResourceCacheNotFoundError,
    Session,
    exceptions,
)

pytestmark = pytest.mark.once

NAMES = (
    "Session SessionCache SessionClientCache SessionResourceCache client resource "
    "setup_default_session ClientCache ResourceCache LRUClientCache LFUClientCache "
    "LRUResourceCache LFUResourceCache ClientCacheKey ResourceCacheKey EvictionPolicy CacheType "
    "CacheError ClientCacheError ClientCacheExistsError ClientCacheNotFoundError "
    "ResourceCacheError ResourceCacheExistsError ResourceCacheNotFoundError"
)
A, B, C = (ClientCacheKey("sts", region) for region in ("a", "b", "c"))


@pytest.fixture(scope="module")
def client() -> Any:
    return boto3.session.Session(region_name="us-east-1").client("sts")


@pytest.fixture(scope="module")
def others(client: Any) -> list[Any]:
    session = boto3.session.Session(region_name="us-east-1")
    return [session.client("sts") for _ in range(3)]


@pytest.fixture(params=["LRU", "LFU"])
def cache(request: pytest.FixtureRequest) -> ClientCache:
    return ClientCache(request.param)


def test_all_names_of_the_predecessor_are_there() -> None:
    assert set(evercreds.cache.__all__) == set(NAMES.split())
    for name in NAMES.split():
        assert getattr(evercreds.cache, name) is not None


def test_the_errors_form_a_tree() -> None:
    assert exceptions.CacheError is CacheError
    assert set(exceptions.__all__) == {name for name in NAMES.split() if name.endswith("Error")}
    for base, exists, not_found in (
        (ClientCacheError, ClientCacheExistsError, ClientCacheNotFoundError),
        (ResourceCacheError, ResourceCacheExistsError, ResourceCacheNotFoundError),
    ):
        assert issubclass(exists, base)
        assert issubclass(not_found, base)
        assert issubclass(not_found, KeyError)
        assert issubclass(base, CacheError)
        error = not_found("text", code="c", param="p")
        assert str(error) == "text (code='c', param='p')"
        assert repr(error) == f"{not_found.__name__}('text', code='c', param='p')"
        assert repr(pickle.loads(pickle.dumps(error))) == repr(error)


@pytest.mark.parametrize(
    ("made", "kinds", "max_size"),
    [
        (lambda: ClientCache(), (ClientCache, LRUClientCache), 10),
        (lambda: ClientCache(None, None), (ClientCache, LRUClientCache), 10),
        (lambda: ClientCache("LFU", 30), (ClientCache, LFUClientCache), 30),
        (lambda: ClientCache(policy="LFU", max_size=-4), (ClientCache, LFUClientCache), 4),
        (lambda: ClientCache(eviction_policy="LFU"), (ClientCache, LFUClientCache), 10),
        (lambda: LRUClientCache(max_size=5), (ClientCache, LRUClientCache), 5),
        (lambda: LFUClientCache(5), (ClientCache, LFUClientCache), 5),
        (lambda: ResourceCache(), (ResourceCache, LRUResourceCache), 10),
        (lambda: ResourceCache("LFU", max_size=0), (ResourceCache, LFUResourceCache), 0),
        (lambda: LRUResourceCache(), (ResourceCache, LRUResourceCache), 10),
        (lambda: LFUResourceCache(), (ResourceCache, LFUResourceCache), 10),
    ],
)
def test_a_cache_is_of_its_kind_and_its_policy(made: Any, kinds: Any, max_size: int) -> None:
    every = {ClientCache, LRUClientCache, LFUClientCache}
    every |= {ResourceCache, LRUResourceCache, LFUResourceCache}
    cache = made()
    assert {kind for kind in every if isinstance(cache, kind)} == set(kinds)
    assert cache.max_size == max_size
    assert not cache


@pytest.mark.parametrize("policy", ["lru", "FIFO", "", 7, ["LRU"], {}, b"LRU"])
def test_an_unknown_policy_is_refused(policy: Any) -> None:
    with pytest.raises(ClientCacheError, match=r"Unsupported cache type.*eviction_policy"):
        ClientCache(policy)
    with pytest.raises(ResourceCacheError, match="Unsupported cache type"):
        ResourceCache(eviction_policy=policy)
    session = Session()
    with pytest.raises(ClientCacheError, match="Invalid eviction policy"):
        session.cache.client[policy]
    with pytest.raises(ResourceCacheError, match="Invalid eviction policy"):
        session.resource("s3", eviction_policy=policy)
    with pytest.raises(CacheError, match='"client"'):
        session.cache[policy]


@pytest.mark.parametrize("size", ["5", 1.5, True, 1 << 30, -(1 << 31)])
def test_a_bound_is_checked(cache: ClientCache, size: Any) -> None:
    for refused in (lambda: ClientCache("LRU", size), lambda: setattr(cache, "max_size", size)):
        with pytest.raises(ClientCacheError, match="max_size must be a whole number"):
            refused()
    assert cache.max_size == 10


def test_values_are_found_by_their_keys(cache: ClientCache, client: Any) -> None:
    assert A not in cache
    assert cache.get(A) is None
    assert cache.get(A, 5) == 5
    cache[A] = client
    assert A in cache
    assert ClientCacheKey("sts", region_name="a") in cache
    assert cache[A] is client
    assert cache.get(A) is client
    assert len(cache) == 1
    assert cache
    assert B not in cache


def test_what_is_not_there_is_said(cache: ClientCache, client: Any) -> None:
    calls: list[Any] = [cache.__getitem__, cache.pop, cache.__delitem__]
    for call in calls:
        for key in (A, "sts", ["unhashable"]):
            with pytest.raises(ClientCacheNotFoundError, match="Client not found"):
                call(key)
    with pytest.raises(ClientCacheNotFoundError, match="No clients found"):
        cache.popitem()
    with pytest.raises(ResourceCacheNotFoundError, match="No resources found"):
        ResourceCache().popitem()
    with pytest.raises(ResourceCacheNotFoundError, match="Resource not found"):
        ResourceCache()[A]
    assert "sts" not in cache
    assert ["unhashable"] not in cache
    assert cache.get("sts") is None  # type: ignore[arg-type]


def test_what_is_put_in_is_checked(cache: ClientCache, client: Any) -> None:
    with pytest.raises(ClientCacheError, match="Cache key must be a cache key object"):
        cache["sts"] = client  # type: ignore[index]
    with pytest.raises(ClientCacheError, match="Cache key must be a cache key object"):
        cache.get_or_make("sts", lambda: client)  # type: ignore[arg-type]
    with pytest.raises(ClientCacheError, match="Cache value must be a boto3"):
        cache[A] = "client"
    assert len(cache) == 0
    cache[A] = client
    with pytest.raises(ClientCacheExistsError, match="already exists"):
        cache[A] = client
    resources = ResourceCache()
    resources[A] = client
    with pytest.raises(ResourceCacheExistsError, match="Resource already exists"):
        resources[A] = client


def test_either_kind_fits_into_either_cache(cache: ClientCache, client: Any) -> None:
    resource = boto3.session.Session(region_name="us-east-1").resource("s3")
    cache[ResourceCacheKey("s3")] = resource
    cache[ClientCacheKey("s3")] = client
    assert cache[ResourceCacheKey("s3")] is resource
    assert cache[ClientCacheKey("s3")] is client


def test_values_are_taken_out(cache: ClientCache, client: Any) -> None:
    for key in (A, B, C):
        cache[key] = client
    assert cache.pop(B) is client
    with pytest.raises(TypeError):
        cache.pop(B, None)  # type: ignore[call-arg]
    assert cache.popitem() == (A, client)
    del cache[C]
    assert len(cache) == 0
    cache[A] = client
    cache.clear()
    assert not cache
    cache[A] = client
    assert cache[A] is client


def test_listing_is_by_tuples_and_no_use(others: list[Any]) -> None:
    cache = LRUClientCache(max_size=3)
    for key, value in zip((A, B, C), others, strict=True):
        cache[key] = value
    for _ in range(2):
        assert cache.keys() == tuple(cache) == (A, B, C)
        assert tuple(reversed(cache)) == (C, B, A)
        assert cache.values() == tuple(others)
        assert cache.items() == tuple(zip((A, B, C), others, strict=True))
        assert A in cache
    assert cache[A] is others[0]
    assert cache.get(B) is others[1]
    assert cache.keys() == (C, A, B)


def test_the_least_frequently_used_goes_first_and_of_equals_the_least_recent(client: Any) -> None:
    cache = LFUClientCache(max_size=3)
    for key in (A, B, C):
        cache[key] = client
    assert cache.keys() == (A, B, C)
    assert cache[A] is client
    assert cache.get(B) is client
    assert cache.keys() == (C, A, B)
    new = ClientCacheKey("sts", "new")
    cache[new] = client
    assert cache.keys() == (new, A, B)
    cache[C] = client
    assert cache.keys() == (C, A, B)


@pytest.mark.parametrize("policy", ["LRU", "LFU"])
def test_the_bound_may_change(policy: Any, client: Any) -> None:
    cache = ClientCache(policy, 3)
    for key in (A, B, C):
        cache[key] = client
    cache.max_size = -2
    assert cache.max_size == 2
    assert cache.keys() == (B, C)
    cache.max_size = 0
    assert not cache
    cache[A] = client
    assert not cache
    assert cache.get_or_make(A, lambda: client) is client
    assert not cache
    cache.max_size = 1
    cache[A] = client
    assert cache.keys() == (A,)


def test_a_copy_has_the_order_and_the_counts_of_uses(cache: ClientCache, client: Any) -> None:
    cache.max_size = 3
    for key, uses in ((A, 4), (B, 2), (C, 2)):
        cache[key] = client
        for _ in range(uses):
            assert cache[key]
    assert cache[B]  # as often as nobody else, and last
    for twin in (cache.copy(), copy.copy(cache)):
        assert type(twin) is type(cache)
        assert twin is not cache
        assert twin.max_size == 3
        assert twin.items() == cache.items()
        original = cache.copy()
        for one in (twin, original):  # what happens next is the same in both
            assert one[C]
            assert one[C]
            assert one[C]
        assert twin.keys() == original.keys()
        twin.clear()
        assert len(cache) == 3


def test_what_would_overwrite_values_is_not_there(cache: ClientCache, client: Any) -> None:
    for name in ("update", "setdefault", "fromkeys"):
        assert not hasattr(cache, name)
    with pytest.raises(TypeError):
        cache | {A: client}  # type: ignore[operator]
    with pytest.raises(TypeError):
        {A: client} | cache  # type: ignore[operator]
    with pytest.raises(TypeError):
        cache |= {A: client}  # type: ignore[operator]


def test_a_cache_is_itself_and_stays_in_its_process(cache: ClientCache, client: Any) -> None:
    assert cache != cache.copy()
    hash(cache)
    for leaves in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be pickled"):
            leaves(cache)


def test_a_cache_shows_its_keys(cache: ClientCache, client: Any) -> None:
    assert str(cache) == repr(cache) == "ClientCache(empty)"
    assert str(ResourceCache()) == "ResourceCache(empty)"
    cache[A] = client
    cache[ResourceCacheKey("s3", aws_session_token="Sentinel")] = client
    assert (
        str(cache)
        == repr(cache)
        == (
            "ClientCache:\n"
            "   - RefreshableSession.client('sts', 'a')\n"
            "   - RefreshableSession.resource('s3', aws_session_token=***)"
        )
    )


def test_each_thread_sees_its_own_resources_and_those_of_all(client: Any) -> None:
    cache, own, shared = (
        ResourceCache(),
        ResourceCacheKey("s3"),
        ResourceCacheKey("s3", shared=True),
    )
    cache[own] = cache[shared] = client

    def elsewhere() -> None:
        assert own not in cache
        assert cache.get(own) is None
        assert cache[shared] is client
        assert cache.keys() == (shared,)
        cache[own] = client
        assert len(cache) == 2
        assert cache.pop(own) is client
        with pytest.raises(ResourceCacheNotFoundError):
            del cache[own]

    assert in_threads(2, elsewhere) == [None, None]
    assert set(cache.keys()) == {own, shared}
