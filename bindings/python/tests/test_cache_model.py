"""The caches beside a list that does the same step by step."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.client import BaseClient
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from evercreds.cache import CacheError, ClientCache, ClientCacheExistsError, ClientCacheKey

pytestmark = pytest.mark.once

KEYS = [ClientCacheKey("sts", f"region-{number}") for number in range(6)]
KEY = st.sampled_from(KEYS)
SIZE = st.integers(-4, 4)


class Client(BaseClient):  # type: ignore[misc]
    """What a cache takes for a client."""

    def __init__(self) -> None:
        pass


class Model:
    """Key, value, uses and the time of the last use of each entry; the first is found by looking
    at all of them."""

    def __init__(self, policy: str, size: int) -> None:
        self.policy, self.size, self.now = policy, abs(size), 0
        self.entries: list[list[Any]] = []

    def copy(self) -> Model:
        twin = Model(self.policy, self.size)
        twin.now, twin.entries = self.now, [list(entry) for entry in self.entries]
        return twin

    def in_order(self) -> list[list[Any]]:
        uses = self.policy == "LFU"
        return sorted(self.entries, key=lambda entry: (entry[2] if uses else 0, entry[3]))

    def find(self, key: ClientCacheKey) -> list[Any] | None:
        return next((entry for entry in self.entries if entry[0] == key), None)

    def use(self, key: ClientCacheKey) -> Any:
        entry = self.find(key)
        if entry is None:
            return None
        self.now += 1
        entry[2:] = entry[2] + 1, self.now
        return entry[1]

    def shrink(self, size: int) -> None:
        while len(self.entries) > size:
            self.entries.remove(self.in_order()[0])

    def add(self, key: ClientCacheKey, value: Any) -> None:
        if self.size:
            self.shrink(self.size - 1)
            self.now += 1
            self.entries.append([key, value, 0, self.now])


class Comparison(RuleBasedStateMachine):
    policy: Any

    @initialize(size=SIZE)
    def begin(self, size: int) -> None:
        self.cache, self.model = ClientCache(self.policy, size), Model(self.policy, size)

    @rule(key=KEY)
    def put(self, key: ClientCacheKey) -> None:
        client = Client()
        if self.model.find(key) is None:
            self.cache[key] = client
            self.model.add(key, client)
        else:
            with pytest.raises(ClientCacheExistsError):
                self.cache[key] = client

    @rule(key=KEY)
    def get(self, key: ClientCacheKey) -> None:
        assert self.cache.get(key) is self.model.use(key)

    @rule(key=KEY, size=st.none() | SIZE)
    def get_or_make(self, key: ClientCacheKey, size: int | None) -> None:
        client = Client()
        given = self.cache.get_or_make(key, lambda: client, max_size=size)
        there = self.model.use(key)
        if size is not None:
            self.model.size = abs(size)
            self.model.shrink(abs(size))
        if there is None:
            self.model.add(key, client)
        assert given is (there or client)

    @rule(key=KEY)
    def look(self, key: ClientCacheKey) -> None:
        assert (key in self.cache) == (self.model.find(key) is not None)

    @rule(key=KEY)
    def pop(self, key: ClientCacheKey) -> None:
        entry = self.model.find(key)
        if entry is None:
            with pytest.raises(CacheError):
                self.cache.pop(key)
        else:
            assert self.cache.pop(key) is entry[1]
            self.model.entries.remove(entry)

    @rule()
    def popitem(self) -> None:
        if self.model.entries:
            entry = self.model.in_order()[0]
            assert self.cache.popitem() == (entry[0], entry[1])
            self.model.entries.remove(entry)

    @rule(size=SIZE)
    def resize(self, size: int) -> None:
        self.cache.max_size = size
        self.model.size = abs(size)
        self.model.shrink(abs(size))

    @rule()
    def go_on_with_a_copy(self) -> None:
        before, self.cache = self.cache, self.cache.copy()
        before.clear()
        self.model = self.model.copy()

    @rule()
    def clear(self) -> None:
        self.cache.clear()
        self.model.entries.clear()

    @invariant()
    def the_same_in_the_same_order(self) -> None:
        expected = [(entry[0], entry[1]) for entry in self.model.in_order()]
        assert list(self.cache.items()) == expected
        assert len(self.cache) == len(expected)
        assert self.cache.max_size == self.model.size


@pytest.mark.parametrize("policy", ["LRU", "LFU"])
def test_a_cache_does_what_the_model_does(policy: str) -> None:
    kind = type(f"{policy}Comparison", (Comparison,), {"policy": policy})
    run_state_machine_as_test(
        kind, settings=settings(max_examples=100, stateful_step_count=40, deadline=None)
    )
