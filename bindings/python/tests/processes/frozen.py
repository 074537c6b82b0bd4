"""Sessions in a test that sets the clock: frozen.py TOOL CASE. Prints how often it fetched."""

from __future__ import annotations

import contextlib
import datetime
import importlib
import sys
import threading
from typing import Any

from evercreds import EvercredsCredentialError, RefreshableSession

UTC = datetime.timezone.utc
THEN = datetime.datetime(2030, 1, 1, tzinfo=UTC)
PAST = datetime.datetime(2012, 1, 1, tzinfo=UTC)
MINUTE = datetime.timedelta(minutes=1)
HOUR = 60 * MINUTE

tool = importlib.import_module(sys.argv[1])


def frozen(at: datetime.datetime) -> Any:
    return tool.freeze_time(at) if sys.argv[1] == "freezegun" else tool.travel(at, tick=False)


class Source:
    """Gives sets that last an hour from now, whatever now is."""

    def __init__(self) -> None:
        self.fetched = 0
        self.hangs = threading.Event()
        self.hangs.set()

    def __call__(self) -> dict[str, str]:
        self.fetched += 1
        self.hangs.wait(60)
        expiry = datetime.datetime.now(UTC) + HOUR
        return {
            "access_key": f"A{self.fetched}",
            "secret_key": "S",
            "token": "T",
            "expiry_time": expiry.isoformat(),
        }


source = Source()


def made(**more: Any) -> Any:
    return RefreshableSession(
        method="custom", custom_credentials_method=source, max_wait=0, jitter=False, **more
    )


def used(session: Any, number: int) -> None:
    """Whoever asks gets set number N, by whichever door, and it is valid by the clock of now."""
    assert session.get_credentials().get_frozen_credentials().access_key == f"A{number}"
    given = session.credentials
    assert given["access_key"] == f"A{number}", given
    assert datetime.datetime.fromisoformat(given["expiry_time"]) > datetime.datetime.now(UTC)


def around_construction() -> None:
    with frozen(THEN):
        session = made()
        used(session, 1)
        used(session, 1)
        shown = datetime.datetime.fromisoformat(session.credentials["expiry_time"])
        assert abs(shown - (THEN + HOUR)) < MINUTE, shown
        assert 3500 < session.status().remaining <= 3600


def around_first_use() -> None:
    session = made()
    with frozen(PAST):
        used(session, 1)
    used(session, 2)  # by the real clock, the first has expired long ago


def moved_in_steps() -> None:
    with frozen(THEN) as clock:
        session = made()
        for minutes, number in ((0, 1), (25, 1), (44, 1), (51, 2), (90, 2), (102, 3), (300, 4)):
            clock.move_to(THEN + minutes * MINUTE)
            used(session, number)


def moved_back() -> None:
    with frozen(THEN) as clock:
        session = made()
        used(session, 1)
        clock.move_to(THEN + 2 * HOUR)
        used(session, 2)
        for back in (THEN, PAST, THEN + 2 * HOUR):
            clock.move_to(back)
            used(session, 2)


def from_real_to_frozen() -> None:
    session = made(defer_refresh=False)
    used(session, 1)
    with frozen(datetime.datetime.now(UTC) + 2 * HOUR):
        used(session, 2)
    used(session, 2)


def waits_end() -> None:
    """The clock stands still, and the refresh time-out ends all the same."""
    session = made(refresh_timeout=1)
    source.hangs.clear()
    with frozen(THEN):
        with contextlib.suppress(EvercredsCredentialError):
            session.refresh()
            raise AssertionError("it hangs, and gives credentials")
        source.hangs.set()
        assert session.credentials["access_key"] in ("A1", "A2")  # a late answer is good too


globals()[sys.argv[2]]()
print(source.fetched)
