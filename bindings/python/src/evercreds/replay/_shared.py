"""The events of the cache policy and of the rules."""

from __future__ import annotations

import ctypes
import re

from evercreds import _abi_generated as abi
from evercreds._library import library
from evercreds.replay._text import BASE, NotAnEventError, checked

__all__ = ["CacheEvents", "rule"]

_ENDPOINT_BYTES = 4096


def _whole(text: str) -> int:
    if re.fullmatch("[-+]?[0-9]{1,10}", text) is None:
        raise NotAnEventError(f"{text!r} is not a whole number")
    return int(text)


class CacheEvents:
    """One cache."""

    def __init__(self) -> None:
        self._lib = library()
        self._handle = 0

    def event(self, words: list[str]) -> str:
        """Do one event of the cache, and give its answer."""
        if not words:
            raise NotAnEventError("cache needs an operation")
        if words[0] == "new":
            return self._new(words)
        if not self._handle:
            raise NotAnEventError("there is no cache: make a new one first")
        if words == ["clear"]:
            return self._answer(self._lib.evercreds_cache_clear(self._handle))
        if len(words) != 2:
            raise NotAnEventError(f"cache {words[0]} needs one number")
        if words[0] not in ("get", "contains", "add", "remove", "resize"):
            raise NotAnEventError(f"cache {words[0]!r} is no operation")
        function = getattr(self._lib, f"evercreds_cache_{words[0]}")
        return self._answer(function(self._handle, _whole(words[1])))

    def _new(self, words: list[str]) -> str:
        if len(words) != 3 or words[1] not in ("lru", "lfu"):
            raise NotAnEventError("cache new needs lru or lfu and a bound")
        policy = abi.CachePolicy[words[1].upper()]
        self._handle = checked(self._lib.evercreds_cache_new(policy, _whole(words[2])))
        return self._answer(0)

    def _answer(self, result: int) -> str:
        evicted, order = [], []
        while (number := self._lib.evercreds_cache_evicted(self._handle)) != abi.Result.NO_ENTRY:
            evicted.append(str(checked(number)))
        number = self._lib.evercreds_cache_next(self._handle, -1)
        while number != abi.Result.NO_ENTRY:
            order.append(str(checked(number)))
            number = self._lib.evercreds_cache_next(self._handle, number)
        gone = f" evicted={','.join(evicted)}" if evicted else ""
        return f"cache {checked(result)}{gone} order={','.join(order)}"


def rule(rest: str) -> str:
    """Ask one of the shared rules."""
    which, _, text = rest.partition(" ")
    content = text.encode("utf-8", "surrogateescape")
    lib = library()
    if which == "expiry":
        return f"rule {checked(lib.evercreds_rule_expiry(content, len(content)))}"
    if which == "mfa":
        return f"rule {checked(lib.evercreds_rule_mfa_code(content, len(content)))}"
    if which == "iot":
        buffer = ctypes.create_string_buffer(content, max(_ENDPOINT_BYTES, len(content)))
        size = lib.evercreds_rule_iot_endpoint(buffer, len(content), len(buffer))
        return f"rule {buffer.raw[: checked(size)].decode('utf-8', 'surrogateescape')}"
    if which == "class":
        return _class(text.split())
    if which == "duration":
        return _duration(text.split())
    if which == "retry_after":
        return _retry_after(text)
    if which == "evidence":
        return _evidence(text.split())
    raise NotAnEventError(f"{which!r} is no rule")


def _class(words: list[str]) -> str:
    if not 2 <= len(words) <= 3:
        raise NotAnEventError("rule class needs METHOD STATUS [CODE]")
    method = abi.METHODS[words[0]] if words[0] in abi.METHODS else _whole(words[0])
    code = "".join(words[2:]).encode("utf-8", "surrogateescape")
    found = library().evercreds_rule_error_class(method, _whole(words[1]), code, len(code))
    return f"rule {abi.ErrorClass(checked(found)).name.lower()}"


def _retry_after(rest: str) -> str:
    unit, _, text = rest.partition(" ")
    if unit not in ("ms", "s"):
        raise NotAnEventError("rule retry_after needs ms|s [TEXT]")
    content = text.encode("utf-8", "surrogateescape")
    found = library().evercreds_rule_retry_after(BASE, unit == "ms", content, len(content))
    return f"rule {checked(found)}"


def _evidence(words: list[str]) -> str:
    if not 2 <= len(words) <= 3 or words[0] not in ("head", "get"):
        raise NotAnEventError("rule evidence needs head|get STATUS [CODE]")
    code = "".join(words[2:]).encode("utf-8", "surrogateescape")
    is_head, status = words[0] == "head", _whole(words[1])
    found = library().evercreds_rule_evidence(is_head, status, code, len(code))
    return f"rule {abi.Evidence(checked(found)).name.lower()}"


def _duration(words: list[str]) -> str:
    chained = words[1:] == ["chained"]
    if len(words) != 1 + chained:
        raise NotAnEventError("rule duration needs SECONDS [chained]")
    try:
        seconds = float(words[0])
    except ValueError:
        raise NotAnEventError(f"{words[0]!r} is not a number") from None
    return f"rule {checked(library().evercreds_rule_duration(seconds, chained))}"
