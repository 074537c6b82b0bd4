"""What a caller needs, and how long it waits for that."""

from __future__ import annotations

import sys
from typing import NamedTuple

from evercreds._library import abi_generated as abi

__all__ = ["ANY", "Need", "Patience", "patience_here_ms"]


class Need(NamedTuple):
    """What one caller needs of the credentials. It is carried through all the calls it makes."""

    min_ttl_ms: int = 0
    """The time that they must have left."""
    other: int = 0
    """The fingerprint of the set that a service refused to this caller, where there is evidence."""
    evidence: abi.Evidence = abi.Evidence.NONE
    until_ms: int = abi.NEVER
    """How long the caller waits for an attempt to begin, on the elapsed clock; 0: not at all."""

    def after(self, decision: abi.Decision) -> Need:
        """Pass on how long the machine lets the caller wait: its patience begins once."""
        return self._replace(until_ms=decision.until_ms)


ANY = Need()


class Patience:
    """How long one caller waits at all: it gives up at this instant of the elapsed clock."""

    __slots__ = ("end_ms",)

    def __init__(self, end_ms: int = abi.NEVER) -> None:
        self.end_ms: int = end_ms


def patience_here_ms() -> int:
    """Tell how long the caller may wait for an attempt to begin, beyond what the session lets.

    The thread of an event loop does not wait at all: nothing else would go on there.
    """
    asyncio = sys.modules.get("asyncio")  # a loop that runs has imported it
    try:
        if asyncio is not None and asyncio.get_running_loop():
            return 0
    except (RuntimeError, AttributeError):  # none runs here; another thread is importing it
        pass
    return abi.NEVER
