"""What the programs beside this share: a session on the stand-in, and work over a refresh."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

from evercreds import RefreshableSession

# Sets live for 3 seconds here, and by the server's Date, which has whole seconds, at least for 2.
_MIN_TTL_S = 1.5


def make_session(**more: Any) -> Any:
    """Make a session with the role that the test names."""
    return RefreshableSession(
        assume_role_kwargs={"RoleArn": os.environ["ROLE"]},
        sts_client_kwargs={"endpoint_url": os.environ["STAND_IN"]},
        **more,
    )


def sign(session: Any) -> str:
    """Make a signed call, and give the access key of the moment."""
    client = session.client("s3", endpoint_url=os.environ["STAND_IN"])
    assert client.list_buckets()["Buckets"]
    key: str = session.credentials["access_key"]
    return key


def over_a_refresh(session: Any, number: int) -> dict[str, Any]:
    """Make signed calls before and after a refresh: forced, or needed, or after expiry."""
    before = sign(session)
    way = {0: "expiry", 1: "min_ttl"}.get(number % 10, "forced")  # the others take a second each
    if way == "forced":
        session.refresh()
    elif way == "min_ttl":
        _wait(lambda: session.status().remaining < _MIN_TTL_S)
        session.credentials_for(min_ttl=_MIN_TTL_S)
    else:
        _wait(lambda: session.status().phase in ("mandatory", "expired"))
    after = sign(session)
    return {"pid": os.getpid(), "way": way, "changed": after != before}


def _wait(happened: Any) -> None:
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end, "it never happens"
        time.sleep(0.01)


def keep_busy(session: Any, threads: int = 2) -> None:
    """Have threads use the session for as long as the process lives."""

    def use() -> None:
        while True:
            session.get_credentials().get_frozen_credentials()
            session.status()
            session.refresh()
            time.sleep(0.005)

    for _ in range(threads):
        threading.Thread(target=use, daemon=True).start()
