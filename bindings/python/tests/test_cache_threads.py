"""The caches under threads, interrupts and forks."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.config import Config

from conftest import ended_well, in_child, in_threads, until
from evercreds.cache import (
    ClientCache,
    ClientCacheKey,
    ResourceCache,
    ResourceCacheKey,
    Session,
)
from evercreds.cache import client as default_client
from evercreds.cache._default import _default as default_caches
from evercreds.cache._making import Making

A, B = ClientCacheKey("sts", "a"), ClientCacheKey("sts", "b")
OWN, SHARED = ResourceCacheKey("s3"), ResourceCacheKey("s3", shared=True)


class Client(BaseClient):  # type: ignore[misc]
    """What a cache takes for a client."""

    def __init__(self) -> None:
        pass


@pytest.fixture(params=["LRU", "LFU"])
def cache(request: pytest.FixtureRequest) -> ClientCache:
    return ClientCache(request.param)


@pytest.fixture
def quick_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


class Gate:
    """Builds a client when it is let, and counts."""

    def __init__(self) -> None:
        self.begun, self.open = threading.Event(), threading.Event()
        self.builds = 0

    def build(self) -> Client:
        self.builds += 1
        self.begun.set()
        assert self.open.wait(60)
        return Client()


def started(work: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    results: list[Any] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            results.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, results


def ended(thread: threading.Thread) -> bool:
    thread.join(60)
    return not thread.is_alive()


def codes_of(ident: int) -> Iterator[Any]:
    """The functions that a thread is in."""
    frame = sys._current_frames().get(ident)
    while frame is not None:
        yield frame.f_code
        frame = frame.f_back


def test_all_who_wait_for_a_build_get_what_was_built(cache: ClientCache) -> None:
    gate = Gate()
    threads = [started(lambda: cache.get_or_make(A, gate.build)) for _ in range(8)]
    assert gate.begun.wait(60)
    gate.open.set()
    assert all(ended(thread) for thread, _ in threads)
    assert len({id(results[0]) for _, results in threads}) == 1
    assert gate.builds == 1


def test_all_who_wait_get_it_also_where_nothing_is_kept() -> None:
    cache, gate = ClientCache(max_size=0), Gate()
    threads = [started(lambda: cache.get_or_make(A, gate.build)) for _ in range(4)]
    assert gate.begun.wait(60)
    gate.open.set()
    assert all(ended(thread) for thread, _ in threads)
    assert all(isinstance(results[0], Client) for _, results in threads)
    assert len(cache) == 0


def test_a_build_that_fails_is_told_to_its_caller_and_tried_by_one_other() -> None:
    cache, calls = ClientCache(), []
    at_once, most_at_once = 0, 0

    def fails_once() -> Client:
        nonlocal at_once, most_at_once
        at_once += 1
        most_at_once = max(most_at_once, at_once)
        calls.append(threading.get_ident())
        threading.Event().wait(0.1)
        at_once -= 1
        if len(calls) == 1:
            raise LookupError
        return Client()

    outcomes = in_threads(8, lambda: cache.get_or_make(A, fails_once))
    assert sum(isinstance(each, LookupError) for each in outcomes) == 1
    assert len({id(each) for each in outcomes if isinstance(each, Client)}) == 1
    assert len(calls) == 2
    assert most_at_once == 1


def test_a_build_that_always_fails_fails_for_everybody_and_one_at_a_time(
    cache: ClientCache,
) -> None:
    building = threading.Lock()

    def fails() -> None:
        assert building.acquire(blocking=False), "two build at once"
        try:
            threading.Event().wait(0.01)
            raise LookupError
        finally:
            building.release()

    outcomes = in_threads(8, lambda: cache.get_or_make(A, fails))
    assert [type(each) for each in outcomes] == [LookupError] * 8
    client = Client()
    assert cache.get_or_make(A, lambda: client) is client


def test_other_keys_are_built_meanwhile(cache: ClientCache) -> None:
    gate = Gate()
    thread, results = started(lambda: cache.get_or_make(A, gate.build))
    assert gate.begun.wait(60)
    client = Client()
    assert cache.get_or_make(B, lambda: client) is client
    assert B in cache
    assert A not in cache
    gate.open.set()
    assert ended(thread)
    assert isinstance(results[0], Client)


def test_a_build_may_ask_the_cache_for_another_key(cache: ClientCache) -> None:
    outer, inner = Client(), Client()

    def build() -> Client:
        assert cache.get_or_make(B, lambda: inner) is inner
        return outer

    thread, results = started(lambda: cache.get_or_make(A, build))
    assert ended(thread)
    assert results == [outer]
    assert set(cache.values()) == {outer, inner}


def test_a_build_may_ask_the_cache_for_its_own_key(cache: ClientCache) -> None:
    inner = Client()
    thread, results = started(
        lambda: cache.get_or_make(A, lambda: cache.get_or_make(A, lambda: inner))
    )
    assert ended(thread)
    assert results == [inner]
    assert cache.values() == (inner,)


def test_two_builds_that_ask_for_each_others_keys_do_not_wait_for_each_other(
    cache: ClientCache,
) -> None:
    both = threading.Barrier(2)

    def crossing(mine: ClientCacheKey, other: ClientCacheKey) -> Any:
        def build() -> Client:
            both.wait(20)
            cache.get_or_make(other, Client)
            return Client()

        return cache.get_or_make(mine, build)

    threads = [started(lambda: crossing(A, B)), started(lambda: crossing(B, A))]
    assert all(ended(thread) for thread, _ in threads)
    for key, (_, results) in zip((A, B), threads, strict=True):
        assert results == [cache[key]]


def test_a_build_that_is_interrupted_frees_those_who_wait(cache: ClientCache) -> None:
    gate, client = Gate(), Client()

    def interrupted() -> None:
        gate.build()
        raise KeyboardInterrupt

    builder, told = started(lambda: cache.get_or_make(A, interrupted))
    assert gate.begun.wait(60)
    waiter, given = started(lambda: cache.get_or_make(A, lambda: client))
    gate.open.set()
    assert ended(builder)
    assert ended(waiter)
    assert isinstance(told[0], KeyboardInterrupt)
    assert given == [client]


@pytest.fixture
def _heeds_ctrl_c() -> Iterator[None]:
    """As a program in the foreground does; one that a shell has put in the background does not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_heeds_ctrl_c")
def test_ctrl_c_reaches_one_who_waits_and_the_build_goes_on(cache: ClientCache) -> None:
    gate = Gate()
    builder, built = started(lambda: cache.get_or_make(A, gate.build))
    assert gate.begun.wait(60)
    main = threading.get_ident()

    def strike() -> None:
        until(lambda: any(code is Making.wait.__code__ for code in codes_of(main)))
        os.kill(os.getpid(), signal.SIGINT)

    def waits() -> None:
        started(strike)
        cache.get_or_make(A, Client)

    with pytest.raises(KeyboardInterrupt):
        waits()
    gate.open.set()
    assert ended(builder)
    assert built == [cache[A]]


def test_what_is_put_in_during_a_build_is_what_all_get(cache: ClientCache) -> None:
    gate, client = Gate(), Client()
    builder, built = started(lambda: cache.get_or_make(A, gate.build))
    assert gate.begun.wait(60)
    cache[A] = client
    assert cache.get_or_make(A, Client) is client
    gate.open.set()
    assert ended(builder)
    assert built == [client]
    assert cache.values() == (client,)


def test_who_asks_for_what_is_there_takes_no_lock(cache: ClientCache) -> None:
    """`A is amid a change of the cache; B asks for a client that is there`."""
    client = cache.get_or_make(A, Client)
    session = Session(region_name="us-east-1", aws_access_key_id="A", aws_secret_access_key="B")
    plain = boto3.Session(region_name="us-east-1")

    def default(given: Any) -> Callable[[], Any]:
        def ask() -> Any:
            boto3.DEFAULT_SESSION = given
            return default_client("sts")

        return ask

    requests: list[Callable[[], Any]] = [
        lambda: cache[A],
        lambda: cache.get(A),
        lambda: A in cache,
        lambda: cache.get_or_make(A, Client),
        lambda: cache.get_or_make(A, Client, max_size=10),
        lambda: session.client("sts"),
        lambda: session.client("sts", "us-east-1"),  # in words that are new to it
        lambda: session.client("sts", config=Config()),
        lambda: session.client("sts", max_size=10),
        lambda: session.resource("s3", shared=True),
        default(session),
        default(plain),
    ]
    before = boto3.DEFAULT_SESSION
    try:
        expected = [client, client, True, client, client]
        expected += [session.client("sts")] * 4
        expected += [session.resource("s3", shared=True), session.client("sts"), default(plain)()]
        others = default_caches._caches[plain].client.LRU
        locks = [cache._lock, session.cache.client.LRU._lock, session.cache.resource.LRU._lock]
        locks += [others._lock, default_caches._lock]
        with contextlib.ExitStack() as held:
            for lock in locks:
                held.enter_context(lock)
            asked = [started(request) for request in requests]
            assert all(ended(thread) for thread, _ in asked)
    finally:
        boto3.DEFAULT_SESSION = before
    assert [results[0] for _, results in asked] == expected


@pytest.mark.usefixtures("quick_switches")
def test_no_use_is_lost_where_many_threads_ask_at_once() -> None:
    cache = ClientCache("LFU")
    often, rare = cache.get_or_make(A, Client), cache.get_or_make(B, Client)

    def work() -> None:
        for _ in range(2000):
            assert cache.get_or_make(A, Client) is often

    assert in_threads(4, work) == [None] * 4
    for _ in range(7000):
        assert cache[B] is rare
    assert cache.keys() == (B, A)
    for _ in range(1001):
        assert cache[B] is rare
    assert cache.keys() == (A, B)


@pytest.mark.usefixtures("quick_switches")
@pytest.mark.parametrize("size", [0, 1, 3])
def test_nothing_raises_and_the_bound_holds_while_threads_evict_each_others_clients(
    cache: ClientCache, size: int
) -> None:
    cache.max_size = size
    keys = [ClientCacheKey("sts", f"region-{number}") for number in range(5)]
    clients = {key: Client() for key in keys}

    def work() -> None:
        for number in range(200):
            key = keys[number * 7 % 5]
            assert cache.get_or_make(key, lambda key=key: clients[key]) is clients[key]  # type: ignore[misc]
            assert cache.get(key) in (None, clients[key])
            assert len(cache.values()) <= size
            for each, value in cache.items():
                assert clients[each] is value  # type: ignore[index]

    assert in_threads(4, work) == [None] * 4
    assert len(cache) == min(size, 5)


@pytest.mark.usefixtures("quick_switches")
def test_requests_of_a_session_that_evict_each_other_raise_nothing() -> None:
    session = Session(aws_access_key_id="AKIA", aws_secret_access_key="secret")
    regions = iter([f"us-test-{number}" for number in range(12)])
    lock = threading.Lock()

    def ask() -> Any:
        with lock:
            region = next(regions)
        return session.client("sts", region_name=region, max_size=1)

    clients = in_threads(12, ask)
    assert [client for client in clients if isinstance(client, Exception)] == []
    assert len({client.meta.region_name for client in clients}) == 12
    assert len(session.cache.client.LRU) == 1


def test_threads_that_ask_for_one_cold_client_of_a_session_get_one() -> None:
    session = Session(aws_access_key_id="AKIA", aws_secret_access_key="secret")
    clients = in_threads(16, lambda: session.client("dynamodb"))
    assert len({id(client) for client in clients}) == 1


def test_a_new_thread_never_gets_what_one_had_that_has_ended() -> None:
    """The system gives the identifiers of ended threads to new ones."""
    cache, idents, given = ResourceCache(max_size=100), set(), []

    def work() -> None:
        idents.add(threading.get_ident())
        assert OWN not in cache
        given.append(cache.get_or_make(OWN, Client))

    for _ in range(20):
        assert in_threads(1, work) == [None]
    assert len({id(each) for each in given}) == 20
    assert len(idents) < 20


@pytest.mark.parametrize("policy", ["LRU", "LFU"])
def test_what_ended_threads_had_goes_before_anything_else(policy: Any) -> None:
    cache = ResourceCache(policy, 3)
    mine = cache.get_or_make(OWN, Client)
    shared = cache.get_or_make(SHARED, Client)
    kept: list[weakref.ref[Any]] = []

    def work() -> None:
        kept.append(weakref.ref(cache.get_or_make(OWN, Client)))
        for _ in range(50):
            assert cache.get(OWN) is kept[-1]()

    for _ in range(30):
        assert in_threads(1, work) == [None]
    gc.collect()
    assert sum(each() is not None for each in kept) <= 1
    assert cache.get(OWN) is mine
    assert cache.get(SHARED) is shared


def test_an_eviction_may_end_in_the_cache_itself(cache: ClientCache) -> None:
    """What runs when a client is collected may ask the cache for something."""
    cache.max_size = 1
    seen: list[int] = []
    client = Client()
    weakref.finalize(client, lambda: seen.append(len(cache))).atexit = False
    cache[A] = client
    del client
    cache.get_or_make(B, Client)
    gc.collect()
    assert seen == [1]
    cache.clear()
    assert not cache


def test_a_child_begins_empty_even_if_a_build_was_under_way(cache: ClientCache) -> None:
    gate, inherited = Gate(), Client()
    cache.max_size = 3
    cache[B] = inherited
    builder, built = started(lambda: cache.get_or_make(A, gate.build))
    assert gate.begun.wait(60)

    def child() -> None:
        assert cache.keys() == ()
        assert cache.max_size == 3
        for key in (A, B):
            client = Client()
            assert cache.get_or_make(key, lambda client=client: client) is client  # type: ignore[misc]
            assert cache[key] is client
            assert cache.copy()[key] is client

    assert ended_well(in_child(child))
    gate.open.set()
    assert ended(builder)
    assert set(cache.values()) == {built[0], inherited}


def test_a_child_may_be_forked_while_the_cache_is_in_use(cache: ClientCache) -> None:
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            cache.get_or_make(A, Client)
            cache.clear()

    thread, results = started(busy)

    def child() -> None:
        assert isinstance(cache.get_or_make(A, Client), Client)

    try:
        assert all(ended_well(in_child(child)) for _ in range(10))
    finally:
        stop.set()
    assert ended(thread)
    assert results == [None]
