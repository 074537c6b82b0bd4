"""One-time codes."""

from __future__ import annotations

import sys
import threading
from typing import Any

import pytest

import evercreds
from conftest import SessionMaker, StandIn
from defects.sources import outcome

SERIAL = "arn:aws:iam::123456789012:mfa/somebody"


@pytest.fixture
def mfa_session(sts_session: SessionMaker, role: str) -> SessionMaker:
    def make(provider: Any) -> Any:
        parameters = {"RoleArn": role, "SerialNumber": SERIAL}
        return sts_session(assume_role_kwargs=parameters, mfa_token_provider=provider)

    return make


def test_M3_the_callers_config_is_not_written_to(sts_session: SessionMaker, role: str) -> None:
    """The config that a program passes is as before when a refresh is over."""
    config = evercreds.AssumeRoleConfig(RoleArn=role, SerialNumber=SERIAL)
    before = dict(config)
    session = sts_session(assume_role_kwargs=config, mfa_token_provider=lambda: "123456")
    session.refreshable_credentials()
    assert dict(config) == before


def test_M4_without_a_code_no_call_is_sent(
    mfa_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    """When the provider gives no code the role is not asked for without one."""
    session = mfa_session(lambda: None)
    raised = outcome(session.refreshable_credentials)
    assert stand_in.calls(role)["attempts"] == 0
    assert isinstance(raised, evercreds.BRSError)


def test_M5_a_code_is_not_sent_twice(
    mfa_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    """A code that the provider gives again is not sent again: the service would refuse it."""
    stand_in.lifetime(role, 2)
    session = mfa_session(lambda: "123456")
    session.refreshable_credentials()
    threading.Event().wait(2.2)
    again = outcome(session.refreshable_credentials)
    assert stand_in.calls(role)["attempts"] == 1
    assert isinstance(again, evercreds.BRSError)


def test_M7_output_that_is_no_code_is_none(
    mfa_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    """Output of a command that is no text, or has digits of other scripts, is a clear error."""
    for output in ("b'\\xff\\xfe'", "'\u0661\u0662\u0663\u0664\u0665\u0666'.encode()"):
        program = f"import sys; sys.stdout.buffer.write({output})"
        raised = outcome(mfa_session([sys.executable, "-c", program]).refreshable_credentials)
        assert isinstance(raised, evercreds.BRSError), f"{type(raised).__name__} for {output}"
    assert stand_in.calls(role)["attempts"] == 0


def test_M8_an_empty_command_is_refused_at_once(mfa_session: SessionMaker) -> None:
    """An empty provider is refused by the constructor, not by the first refresh."""
    raised = [type(outcome(lambda given=given: mfa_session(given))) for given in ("", [])]
    assert raised == [evercreds.BRSConfigurationError] * 2
