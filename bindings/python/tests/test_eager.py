"""Eager sessions: fresh with nobody asking."""

from __future__ import annotations

import datetime
import gc
import threading
import weakref
from typing import Any

import pytest
from botocore.exceptions import ClientError

from conftest import SessionMaker, StandIn, until
from evercreds import RefreshableSession
from evercreds._host import timer


def test_the_first_credentials_come_with_the_session(
    sts_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    session = sts_session(defer_refresh=False)
    assert stand_in.calls(role)["successes"] == 1
    session.get_credentials().get_frozen_credentials()
    assert stand_in.calls(role)["attempts"] == 1


def test_a_session_that_gets_none_is_not_made(
    sts_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    stand_in.fault("access_denied", role=role)
    with pytest.raises(ClientError, match="AccessDenied"):
        sts_session(defer_refresh=False)


def test_it_is_refreshed_with_nobody_asking(
    sts_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    stand_in.lifetime(role, 8)  # which is more than a busy machine takes to bring a set
    session = sts_session(defer_refresh=False)
    until(lambda: stand_in.calls(role)["successes"] >= 3, seconds=60)
    assert session.status().phase in ("fresh", "advisory")
    assert stand_in.calls(role)["concurrent_max"] == 1


def an_hour() -> dict[str, Any]:
    expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    token = expiry.isoformat()  # another set each time
    return {"access_key": "a", "secret_key": "b", "token": token, "expiry_time": expiry}


def test_the_timers_queue_stays_small() -> None:
    def eager() -> Any:
        return RefreshableSession(
            method="custom", custom_credentials_method=an_hour, defer_refresh=False
        )

    session = eager()
    for _ in range(200):
        session.refresh()
        eager().close()
    until(timer._timer._inbox[None].empty)
    due = list(timer._timer._times._due)
    assert len(due) < 200
    # What is wanted is still there; twice where two refreshes came in one millisecond.
    wanted = [at_ms for at_ms, _, alarm in due if alarm() is session._host.loop.alarm]
    assert 1 <= wanted.count(session._host.loop.alarm.at_ms) <= 2


def test_a_session_that_nobody_uses_any_more_is_collected() -> None:
    session = RefreshableSession(
        method="custom", custom_credentials_method=an_hour, defer_refresh=False
    )
    core = weakref.ref(session._host)
    del session
    # The thread of the first refresh may still be on its way out.
    until(lambda: gc.collect() >= 0 and core() is None)
    assert "evercreds-timer" in [thread.name for thread in threading.enumerate()]
