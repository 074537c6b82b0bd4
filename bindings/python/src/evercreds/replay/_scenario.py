"""A scenario, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evercreds.replay._session import SessionEvents
from evercreds.replay._shared import CacheEvents, rule
from evercreds.replay._text import (
    BASE,
    Arguments,
    NotAnEventError,
    RefusedError,
    format_span,
    parse_span,
)

__all__ = ["replay"]


def replay(lines: Iterable[str]) -> Iterator[str]:
    """Give each event and, behind two spaces, its answer.

    Raises:
        NotAnEventError: A line is no event; it begins with the line's number.
    """
    scenario = _Scenario()
    for number, raw in enumerate(lines, 1):
        line = raw.rstrip(" \t\r")
        if not line or line[0] in "# \t":
            continue
        try:
            answer = scenario.event(line)
        except RefusedError as refused:
            answer = f"refused {refused}"
        except NotAnEventError as error:
            raise NotAnEventError(f"line {number}: {error}") from None
        yield line
        yield f"  {answer}"


class _Scenario:
    def __init__(self) -> None:
        self._wall_ms, self._elapsed_ms = BASE, 0
        self._session = SessionEvents()
        self._cache = CacheEvents()

    def event(self, line: str) -> str:
        if line.startswith("+"):
            step, _, line = line[1:].partition(" ")
            ms = parse_span(step)
            if ms < 0:
                raise NotAnEventError(f"{step!r} is not a span")
            self._wall_ms += ms
            self._elapsed_ms += ms
        verb, _, rest = line.lstrip(" ").partition(" ")
        if verb == "rule":
            return rule(rest)
        if verb == "cache":
            return self._cache.event(rest.split())
        arguments = Arguments(rest)
        if verb == "clock":
            answer = self._clock(arguments)
        else:
            answer = self._session.event(verb, arguments, (self._wall_ms, self._elapsed_ms))
        arguments.finish()
        return answer

    def _clock(self, arguments: Arguments) -> str:
        self._wall_ms += arguments.span("wall")
        self._elapsed_ms += arguments.span("elapsed")
        wall, elapsed = format_span(self._wall_ms - BASE), format_span(self._elapsed_ms)
        return f"clock wall={wall} elapsed={elapsed}"
