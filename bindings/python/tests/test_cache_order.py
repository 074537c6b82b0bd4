"""The order of a cache, by the scenarios that all languages share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient

from evercreds.cache import ClientCache, ClientCacheKey

SCENARIOS = sorted((Path(__file__).parents[3] / "testdata/cache").glob("*.trace"))


class Client(BaseClient):  # type: ignore[misc]
    """What a cache takes for a client."""

    def __init__(self) -> None:
        pass


def numbers(cache: Any) -> list[str]:
    return [key.key[0][0] for key in cache]


def did(cache: Any, what: str, number: str) -> int:
    """Do one step, and give its result."""
    key = ClientCacheKey(number)
    was_there = key in cache
    if what == "get":
        cache.get(key)
    elif what == "add":
        cache.get_or_make(key, Client)
    elif what == "remove":
        cache.pop(key) if was_there else None
    elif what == "resize":
        cache.max_size = int(number)
    elif what == "clear":
        cache.clear()
    return {"add": not was_there, "resize": cache.max_size, "clear": 0}.get(what, was_there)


def play(lines: list[str]) -> list[str]:
    played, cache = [], None
    for line in lines:
        _, what, *words = line.split()
        if what == "new":
            cache, before, result = ClientCache(words[0].upper(), int(words[1])), [], 0
        else:
            before = numbers(cache)
            result = int(did(cache, what, *words or [""]))
        order = numbers(cache)
        if what == "add" and result:
            before.append(words[0])
        gone = [each for each in before if each not in order]
        evicted = f" evicted={','.join(gone)}" if gone and what in ("add", "resize") else ""
        played += [line, f"  cache {result}{evicted} order={','.join(order)}"]
    return played


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_cache_goes_as_the_scenario_says(path: Path) -> None:
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    assert lines
    assert play([line for line in lines if not line.startswith(" ")]) == lines


def test_there_are_scenarios() -> None:
    assert len(SCENARIOS) >= 10
