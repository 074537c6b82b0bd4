"""Leads, and says so: its source forks if it is told to, and does not answer."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from evercreds import RefreshableSession
from evercreds.share import FileStore


def say(word: str) -> None:
    """Say it in one piece: parent and child write to the same pipe."""
    os.write(1, f"{word} {os.getpid()}\n".encode())


def hang() -> Any:
    """Say that the source was called, and stay."""
    if "fork" in sys.argv and os.fork() == 0:
        say("forked")
        time.sleep(300)
        os._exit(0)
    say("called")
    time.sleep(300)


FileStore.call_ms = 10_000  # a machine under load is no fault
session = RefreshableSession(
    method="custom",
    custom_credentials_method=hang,
    share=sys.argv[1],
    share_id="a test",
    share_turn=30,
    share_wait=60,
)
session.refreshable_credentials()
