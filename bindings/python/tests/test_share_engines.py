"""The suite for stores finds an engine that compares nothing, however fast it is."""

from __future__ import annotations

import pytest

from evercreds.share import CompareAndSwapStore, Versioned
from evercreds.share.testing import BrokenRuleError, check_store


class Memory(CompareAndSwapStore):
    """Puts in any case, as by an UPDATE without its WHERE."""

    def __init__(self) -> None:
        self._kept: dict[str, Versioned] = {}

    def get(self, key: str) -> Versioned:
        return self._kept.get(key, Versioned(None, None))

    def put(self, key: str, content: bytes, version: object, ttl_ms: int) -> bool:
        self._kept[key] = Versioned(content, object())
        return True


def test_an_engine_that_compares_nothing_is_found() -> None:
    store = Memory()
    with pytest.raises(BrokenRuleError, match="rule 23"):
        check_store(lambda: store)
