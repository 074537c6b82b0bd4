"""What a program sees of its sessions: events, records of the log, the status."""

from __future__ import annotations

import dataclasses
import datetime
import json
import logging
import pathlib
import threading
from collections.abc import Callable
from typing import Any, get_args

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from conftest import ROLE, SessionMaker, StandIn, all_is_told, until
from evercreds import (
    EvercredsCredentialError,
    EvercredsValidationError,
    RefreshableSession,
    SessionEvent,
)
from evercreds._host.events import Kind
from evercreds._library import abi_generated as abi

SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYzSENTINEL"
CASES = {"denied": "AccessDenied", "throttled": "Throttling", "away": "network"}


def listen(session: RefreshableSession) -> list[SessionEvent]:
    told: list[SessionEvent] = []
    for kind in get_args(Kind):
        session.on(kind, told.append)
    return told


def good() -> dict[str, str]:
    return {
        "access_key": "ASIAFIRST",
        "secret_key": "secret",
        "token": "token",
        "expiry_time": "2999-01-01T00:00:00Z",
    }


def custom(fetch: Callable[[], Any] = good, **kwargs: Any) -> RefreshableSession:
    return RefreshableSession(method="custom", custom_credentials_method=fetch, **kwargs)


@pytest.mark.parametrize(("name", "code"), CASES.items())
def test_sessions_are_told_apart(
    sts_session: SessionMaker,
    stand_in: StandIn,
    caplog: pytest.LogCaptureFixture,
    name: str,
    code: str,
) -> None:
    role = ROLE + name
    client = {"endpoint_url": stand_in.endpoint, "config": Config(retries={"max_attempts": 0})}
    if name == "away":
        client["endpoint_url"] = "http://127.0.0.1:1"
    else:
        stand_in.fault("error", role=role, status=403, code=code)
    session = sts_session(
        assume_role_kwargs={"RoleArn": role, "RoleSessionName": f"of-{name}"},
        sts_client_kwargs=client,
        max_wait=0,
    )
    told = listen(session)
    with caplog.at_level(logging.INFO, logger="evercreds"), pytest.raises(Exception, match=role):
        session.refreshable_credentials()
    until(lambda: [event.kind for event in told] == ["start", "failure"])
    status, event = session.status(), told[1]
    record = next(each for each in caplog.records if each.__dict__["error_code"])
    expected = {
        "session_name": f"of-{name}",
        "role": role,
        "cause": "first",
        "error_code": "source",
        "error_class": "permanent" if name == "denied" else "recoverable",
        "aws_error_code": code,
        "expiry": None,
    }
    for name_of, in_status, _ in abi.FACTS:
        if name_of == "next_attempt":
            continue
        assert getattr(event, name_of) == expected[name_of]
        assert getattr(status, in_status) == expected[name_of]
        assert record.__dict__[name_of] == expected[name_of]
    if name == "denied":
        assert event.next_attempt is not None
        assert event.next_attempt == status.next_attempt or status.next_attempt is not None
        assert record.__dict__["next_attempt"] == event.next_attempt.isoformat()
    assert event.waited
    assert event.message.endswith(f"{code}; assuming the role {role})")
    json.dumps({name: record.__dict__[name] for name, _, _ in abi.FACTS})


def test_a_set_is_told_with_its_end(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="evercreds"), custom() as session:
        told = listen(session)
        session.refresh()
        until(lambda: len(told) == 2)
        status = session.status()
    until(lambda: len(told) == 3)
    assert [event.kind for event in told] == ["start", "refresh", "close"]
    end = datetime.datetime(2999, 1, 1, tzinfo=datetime.timezone.utc)
    for expiry in (told[1].expiry, status.expiry):
        assert expiry is not None
        assert abs(expiry - end) < datetime.timedelta(seconds=1)
    assert told[1].cause == status.last_cause == "forced"
    assert told[1].role == status.role == "good"
    assert told[1].remaining is not None
    assert told[1].aws_error_code is status.last_aws_error_code is None
    assert {record.__dict__["role"] for record in caplog.records} == {"good"}


def test_a_program_whose_records_have_such_attributes_keeps_its_own(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A filter or a record factory of the program may have taken the names."""
    before = logging.getLogRecordFactory()

    def of_program(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = before(*args, **kwargs)
        record.role = "web"
        return record

    logging.setLogRecordFactory(of_program)
    try:
        with caplog.at_level(logging.INFO, logger="evercreds"), custom() as session:
            session.refresh()
            all_is_told(session)
    finally:
        logging.setLogRecordFactory(before)
    told = [each.__dict__["role"] for each in caplog.records if each.name == "evercreds"]
    assert told == ["web"]


def test_a_class_of_the_users_is_told_by_its_function() -> None:
    class Vault(RefreshableSession):
        def fetch_credentials(self) -> dict[str, str]:
            return good()

    with Vault() as session:
        assert str(session.status().role).endswith("Vault.fetch_credentials")


@pytest.mark.parametrize(
    "code", [SECRET, f"AccessDenied\n{SECRET}", f"AccessDenied {SECRET}", f"{SECRET}.NotFound", 7]
)
def test_nothing_else_is_told_in_place_of_a_code(
    caplog: pytest.LogCaptureFixture, code: Any
) -> None:
    def refused() -> dict[str, str]:
        reply: Any = {"Error": {"Code": code, "Message": SECRET}, "ResponseMetadata": {}}
        raise ClientError(reply, "AssumeRole")

    with caplog.at_level(logging.DEBUG, logger="evercreds"), custom(refused, max_wait=0) as session:
        told = listen(session)
        with pytest.raises(ClientError):
            session.refresh()
        until(lambda: len(told) == 2)
        shown = repr(told) + repr(session.status())
    assert told[1].aws_error_code is None
    assert SECRET not in shown + repr([record.__dict__ for record in caplog.records])


NAMES = json.loads(
    (pathlib.Path(__file__).parents[3] / "testdata" / "sources" / "names.json").read_text()
)
LONGEST = "ß" * abi.LONGEST_NAME


@pytest.mark.parametrize("name", [*NAMES["shown"], LONGEST, *NAMES["hidden"], LONGEST + "s"])
def test_a_name_is_told_that_can_stand_in_a_line(name: str) -> None:
    def fetch() -> dict[str, str]:
        return good()

    fetch.__qualname__ = name
    with custom(fetch) as session:
        role = session.status().role
    assert role == (name if name in (*NAMES["shown"], LONGEST) else None)


def test_a_name_that_raises_or_breaks_a_line_is_not_told() -> None:
    class Odd:
        def __getattr__(self, name: str) -> Any:
            raise LookupError(SECRET)

        def __call__(self) -> dict[str, str]:
            return good()

    with custom(Odd()) as session:
        assert session.status().role is None
    named = lambda: good()  # noqa: E731
    named.__qualname__ = f"x\n{SECRET}"
    with custom(named) as session:
        assert session.status().role is None


def test_a_listener_may_use_the_session_and_be_taken_out() -> None:
    with custom() as session:
        heard: list[str] = []

        def listener(event: SessionEvent) -> None:
            session.status()
            heard.append(session.credentials["access_key"])
            off()

        off = session.on("refresh", listener)
        session.refresh()
        until(lambda: bool(heard))
        session.refresh()
        told: list[SessionEvent] = []
        session.on("refresh", told.append)
        session.refresh()
        until(lambda: bool(told))
    assert heard == ["ASIAFIRST"]


def test_a_listener_that_raises_harms_nobody_and_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def raises(_: SessionEvent) -> None:
        raise LookupError(SECRET)

    with caplog.at_level(logging.WARNING, logger="evercreds"), custom() as session:
        session.on("refresh", raises)
        told: list[SessionEvent] = []
        session.on("refresh", told.append)
        for number in (1, 2, 3):
            session.refresh()
            until(lambda number=number: len(told) == number)  # type: ignore[misc]
    assert caplog.text.count("LookupError") == 1
    assert SECRET not in caplog.text


def test_a_listener_that_hangs_keeps_no_caller() -> None:
    gate = threading.Event()
    with custom() as session:
        session.on("refresh", lambda _: gate.wait(60))
        session.refresh()
        assert session.credentials["access_key"] == "ASIAFIRST"
        session.refresh()
        gate.set()


@pytest.mark.parametrize(
    ("event", "listener", "param"),
    [("refreshed", print, "event"), ("refresh", None, "listener"), (7, print, "event")],
)
def test_what_is_no_event_or_listener_is_refused(event: Any, listener: Any, param: str) -> None:
    with custom() as session, pytest.raises(EvercredsValidationError) as caught:
        session.on(event, listener)
    assert caught.value.param == param


def test_a_coroutine_function_is_no_listener() -> None:
    async def listener(_: SessionEvent) -> None:
        pass

    with custom() as session, pytest.raises(EvercredsValidationError, match="coroutine"):
        session.on("refresh", listener)


def test_names_are_those_of_the_table() -> None:
    fields = {field.name for field in dataclasses.fields(SessionEvent)}
    assert {name for name, _, _ in abi.FACTS} <= fields
    assert get_args(Kind) == abi.EVENTS


def test_a_timed_out_refresh_has_a_word_too() -> None:
    gate = threading.Event()

    def slow() -> dict[str, str]:
        gate.wait(60)
        return good()

    with custom(slow, refresh_timeout=0.2, max_wait=0) as session:
        with pytest.raises(EvercredsCredentialError, match=r"calling .*slow") as caught:
            session.refresh()
        assert caught.value.code == "timed_out"
        assert session.status().last_aws_error_code == "timeout"
        gate.set()
