"""Words, spans and numbers of the scenario language."""

from __future__ import annotations

import re

from evercreds import _abi_generated as abi

__all__ = [
    "BASE",
    "Arguments",
    "NotAnEventError",
    "RefusedError",
    "checked",
    "format_span",
    "parse_span",
]

BASE = 1767225600000
"""The wall clock at the beginning of every scenario: 2026-01-01T00:00:00Z, in milliseconds."""

_UNITS = (("d", 86400000), ("h", 3600000), ("m", 60000), ("s", 1000), ("ms", 1))
_SPAN = re.compile("(-?)" + "".join(f"(?:([0-9]+){unit})?" for unit, _ in _UNITS))


class NotAnEventError(Exception):
    """A line is no event."""


class RefusedError(Exception):
    """The library refuses an event: part of the answers, not an error of the scenario."""


def checked(result: int) -> int:
    """Give a result, or raise what it refuses, in the words of the language."""
    if result >= 0:
        return result
    option = abi.Result.ERR_OPTION_VALUE - result
    if option in abi.OPTION_RULES:
        raise RefusedError(abi.Option(option).name.lower())
    raise RefusedError(abi.Result(result).name.lower().removeprefix("err_"))


def format_span(ms: int) -> str:
    """Write a span in milliseconds as 1d2h3m4s5ms."""
    if ms == 0:
        return "0s"
    out, left = ("-" if ms < 0 else ""), abs(ms)
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            out += f"{count}{unit}"
    return out


def parse_span(text: str) -> int:
    """Read what ``format_span`` writes."""
    found = _SPAN.fullmatch(text)
    if found is None or not any(found.groups()[1:]):
        raise NotAnEventError(f"{text!r} is not a span")
    parts = zip(found.groups()[1:], _UNITS, strict=True)
    ms = sum(int(count) * size for count, (_, size) in parts if count)
    return -ms if found[1] else ms


class Arguments:
    """The parameters of one event. Each is taken once; ``finish`` refuses what is left over."""

    def __init__(self, text: str) -> None:
        self.words = text.split()

    def has(self, name: str) -> bool:
        """Tell whether there is a ``name=value``."""
        return any(word.startswith(f"{name}=") for word in self.words)

    def take(self, name: str) -> str | None:
        """Take the value of a ``name=value``."""
        for at, word in enumerate(self.words):
            if word.startswith(f"{name}="):
                return self.words.pop(at)[len(name) + 1 :]
        return None

    def word(self, name: str) -> bool:
        """Take a word that stands alone, and tell whether it was there."""
        if name in self.words:
            self.words.remove(name)
            return True
        return False

    def span(self, name: str) -> int:
        """Take a span, 0 if it is not there."""
        text = self.take(name)
        return 0 if text is None else parse_span(text)

    def number(self, name: str) -> int:
        """Take a whole number, which must be there."""
        text = self.take(name)
        if text is None or re.fullmatch("[-+]?[0-9]+", text) is None:
            raise NotAnEventError(f"{name} must be given, a whole number")
        return int(text)

    def ticket(self, issued: list[int]) -> int:
        """Take the #N; a number that was not issued is itself."""
        for at, word in enumerate(self.words):
            if re.fullmatch("#[0-9]+", word):
                number = int(self.words.pop(at)[1:])
                return issued[number - 1] if 1 <= number <= len(issued) else number
        raise NotAnEventError("a ticket must be given, as #1")

    def finish(self) -> None:
        """Refuse what was not taken."""
        if self.words:
            raise NotAnEventError(f"{self.words[0]!r} is not understood here")
