"""No secret in the local variables that an error's traceback keeps alive.

Error reports show them: ``traceback.TracebackException(capture_locals=True)`` and its like.
"""

from __future__ import annotations

import datetime
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import evercreds
from conftest import SessionMaker, StandIn
from evercreds import RefreshableSession

SECRET = "sentinelu8Hr5Dw3q7Zkq7Zkq7Zk"
TOKEN = "Sentinelk4Gt7Bn1x9Wv2Jr4x9Wv2Jr4"
CODE = "918273"
EXTERNAL_ID = "SENTINEL-external-id"
SERIAL = "arn:aws:iam::123456789012:mfa/me"

# How a report begins the line of a frame of the package's.
OURS = f'  File "{Path(evercreds.__file__).parent}/'

FAULTS = ["access_denied", "throttling", "http", "reset", "truncated", "missing_field", "expired"]


def report_of(error: BaseException) -> str:
    """Show an error as a report of it does, with what led to it."""
    shown = ""
    ahead: list[BaseException | None] = [error]
    seen: set[int] = set()
    while ahead:
        at = ahead.pop()
        if at is None or id(at) in seen:
            continue
        seen.add(id(at))
        report = traceback.TracebackException.from_exception(at, capture_locals=True)
        shown += "".join(report.format()) + repr(vars(at))
        ahead += [at.__cause__, at.__context__]  # the hidden ones too
    return shown


def raised_by(call: Callable[[], Any]) -> BaseException:
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def found_in(text: str, *more: str) -> list[str]:
    # The stand-in's keys are shown in pieces where a reply is cut off.
    return [each for each in (SECRET, TOKEN, EXTERNAL_ID, f"'{CODE}'", *more) if each in text]


def test_a_report_shows_what_frames_keep() -> None:
    """The tests below are worth what this one finds."""

    def careless() -> None:
        held = {"secret_key": SECRET}
        raise ValueError(len(held))

    assert found_in(report_of(raised_by(careless))) == [SECRET]


def _reply(**changed: Any) -> dict[str, Any]:
    reply = {
        "access_key": "ASIAEXAMPLE",
        "secret_key": SECRET,
        "token": TOKEN,
        "expiry_time": datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1),
    }
    return {**reply, **changed}


def _late() -> datetime.datetime:
    return datetime.datetime(2001, 1, 1, tzinfo=datetime.timezone.utc)


async def _in_loop() -> dict[str, Any]:
    return _reply(expiry_time=TOKEN)


@pytest.mark.parametrize(
    "provider",
    [
        lambda: _reply(expiry_time=TOKEN),
        lambda: _reply(expiry_time=_late()),
        lambda: _reply(token=None),
        lambda: _reply(account_id=1),
        lambda: _reply(secret_key=f"{SECRET} "),
        lambda: [SECRET, TOKEN],
        lambda: {"secret_key": SECRET, "token": TOKEN},
        _in_loop,
    ],
)
def test_of_custom_sources(provider: Callable[[], Any]) -> None:
    with RefreshableSession(method="custom", custom_credentials_method=provider) as session:
        for call in (session.refresh, session.get_credentials().get_frozen_credentials):
            report = report_of(raised_by(call))
            assert OURS in report
            assert found_in(report) == []


def test_a_functions_own_frames_are_its_own() -> None:
    """Who looks for a fault in the function finds its variables as they were."""

    def provider() -> None:
        attempt = "the 3rd"
        raise ValueError(len(attempt))

    with RefreshableSession(method="custom", custom_credentials_method=provider) as session:
        assert "attempt = 'the 3rd'" in report_of(raised_by(session.refresh))


def _code() -> str:
    return CODE


def _no_code() -> str:
    return f"{CODE} {SECRET}"


@pytest.mark.parametrize("fault", FAULTS)
def test_of_sts(sts_session: SessionMaker, stand_in: StandIn, role: str, fault: str) -> None:
    stand_in.fault(fault, role=role)
    session = sts_session(
        assume_role_kwargs={"RoleArn": role, "ExternalId": EXTERNAL_ID, "SerialNumber": SERIAL},
        mfa_token_provider=_code,
    )
    report = report_of(raised_by(session.refresh))
    issued = [each["access_key_id"] for each in stand_in.calls(role)["issued"]]
    assert found_in(report, stand_in.secret_access_key, *issued) == []
    if fault != "expired":  # which is the machine's word
        assert "fetch" in report  # where it was raised is told all the same
    report = report_of(raised_by(session.refresh))  # the code was sent before
    assert found_in(report, stand_in.secret_access_key, *issued) == []


def test_of_parameters_that_botocore_refuses(sts_session: SessionMaker, role: str) -> None:
    config = {"RoleArn": role, "ExternalId": EXTERNAL_ID, "Policy": SECRET * 1000}
    assert found_in(report_of(raised_by(sts_session(assume_role_kwargs=config).refresh))) == []


def test_of_codes_that_are_none(sts_session: SessionMaker, role: str) -> None:
    session = sts_session(
        assume_role_kwargs={"RoleArn": role, "SerialNumber": SERIAL}, mfa_token_provider=_no_code
    )
    assert found_in(report_of(raised_by(session.refresh))) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_of_iot(iot_session: SessionMaker, stand_in: StandIn, fault: str) -> None:
    pytest.importorskip("awscrt")
    with open(stand_in.introduction["private_key"], "rb") as file:
        key = file.read()
    session = iot_session(private_key=key)
    stand_in.fault(fault, alias=stand_in.introduction["role_alias"])
    report = report_of(_raised_without(session, "refresh"))
    issued = [each["access_key_id"] for each in stand_in.alias_calls()["issued"]]
    assert found_in(report, key.split(b"\n")[1].decode(), *issued) == []


def _raised_without(session: Any, name: str) -> BaseException:
    """As ``raised_by``, with no frame of a test's that has its variables."""
    return raised_by(getattr(session, name))


_ROLE = {"RoleArn": "arn:aws:iam::123456789012:role/reader", "ExternalId": EXTERNAL_ID}
_KEYS = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": SECRET}


@pytest.mark.parametrize(
    "arguments",
    [
        {"assume_role_kwargs": {**_ROLE, "TokenCode": TOKEN}},
        {"assume_role_kwargs": {**_ROLE, "DurationSeconds": 1}},
        {"assume_role_kwargs": {**_ROLE, "Unknown": SECRET}},
        {"assume_role_kwargs": _ROLE, "sts_client_kwargs": {**_KEYS, "unknown": 1}},
        {"assume_role_kwargs": _ROLE, "sts_client_kwargs": _KEYS, "refresh_timeout": -1},
        {"assume_role_kwargs": _ROLE, **_KEYS, "advisory_timeout": 1, "mandatory_timeout": 2},
        {"assume_role_kwargs": _ROLE, **_KEYS, "profile_name": "none-of-this-name"},
        {"assume_role_kwargs": _ROLE, **_KEYS, "unknown": 1},
        {"method": "custom", "custom_credentials_method": None, **_KEYS},
    ],
    ids=range(9),
)
def test_of_arguments(arguments: dict[str, Any]) -> None:
    report = report_of(_raised_with(arguments))
    # The frames beside ours are the caller's: of this test, which shows what it was called with.
    shown = [part.partition('  File "')[0] for part in report.split(OURS)[1:]]
    assert shown
    assert found_in("".join(shown)) == []


def _raised_with(arguments: dict[str, Any]) -> BaseException:
    return raised_by(lambda: RefreshableSession(**arguments))


def test_a_subclasses_own_frames_are_its_own() -> None:
    class Careful(RefreshableSession):
        def __init__(self, **kwargs: Any) -> None:
            attempt = "the 3rd"
            super().__init__(policy=attempt, **kwargs)

        def fetch_credentials(self) -> Any:
            raise NotImplementedError

        def __repr__(self) -> str:
            return "Careful"  # boto3's own fails where a session was not made

    assert "attempt = 'the 3rd'" in report_of(raised_by(Careful))
