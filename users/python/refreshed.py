"""What the programs share: they call until the gate has seen three sets of credentials."""

from __future__ import annotations

import json
import os
import time
import urllib.request
from collections.abc import Callable
from typing import Any

ROLE_ARN = os.environ.get("ROLE_ARN", "")


def signed() -> dict[str, Any]:
    """Ask the gate: how many different sets have signed good calls, and how many calls."""
    with urllib.request.urlopen(os.environ["SIGNED"], timeout=30) as reply:
        told: dict[str, Any] = json.load(reply)
        return told


def refreshed(call: Callable[[], object], sets: int = 3, seconds: float = 90) -> None:
    """Call until the calls were signed with so many sets. A call that raises ends it."""
    deadline = time.monotonic() + seconds
    while signed()["sets"] < sets:
        assert time.monotonic() < deadline, f"no {sets} sets in {seconds} s: {signed()}"
        call()
        time.sleep(0.3)
