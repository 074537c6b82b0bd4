"""One-time codes: one for each refresh, none sent twice, none repeated in an error."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from conftest import SessionMaker, StandIn, until
from evercreds import (
    EvercredsConfigurationError,
    EvercredsCredentialError,
    EvercredsError,
    EvercredsValidationError,
    EvercredsWarning,
)

SERIAL = "arn:aws:iam::123456789012:mfa/somebody"
SENTINEL = "SentinelValue"


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


@pytest.fixture
def mfa_session(sts_session: SessionMaker, role: str) -> SessionMaker:
    def make(provider: Any, code: str | None = None, **more: Any) -> Any:
        parameters = {"RoleArn": role, "SerialNumber": SERIAL, "TokenCode": code}
        return sts_session(assume_role_kwargs=parameters, mfa_token_provider=provider, **more)

    return make


def test_a_code_is_asked_for_once_per_refresh(
    mfa_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    codes = ["111111", "222222", "333333"]
    session = mfa_session(lambda prefix: codes.pop(0), mfa_token_provider_kwargs={"prefix": "x"})
    for _ in range(5):
        session.get_credentials().get_frozen_credentials()
    assert codes == ["222222", "333333"]
    session.refresh()
    assert codes == ["333333"]
    assert stand_in.calls(role)["successes"] == 2


def test_a_code_is_never_sent_twice(
    mfa_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    session = mfa_session(lambda: "123456")
    session.refresh()
    with pytest.raises(EvercredsCredentialError, match="sent before") as caught:
        session.refresh()
    assert caught.value.code == "mfa_code_reused"
    assert "123456" not in repr(caught.value).replace(role, "")
    assert stand_in.calls(role)["attempts"] == 1
    assert session.status().last_error_class == "recoverable", "the next code will do"


def test_a_failed_call_is_not_repeated_with_the_same_code(
    mfa_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    stand_in.fault("http", role=role, status=500)
    with pytest.raises(Exception, match="AssumeRole"):
        mfa_session(lambda: "123456").refresh()
    assert stand_in.calls(role)["attempts"] == 1


def test_a_code_among_the_parameters_serves_once(
    mfa_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    session = mfa_session(None, code="654321")
    session.refresh()
    with pytest.raises(EvercredsCredentialError, match="mfa_token_provider"):
        session.refresh()
    assert stand_in.calls(role)["attempts"] == 1


def test_with_a_provider_such_a_code_is_not_used(mfa_session: SessionMaker) -> None:
    with pytest.warns(EvercredsWarning, match="TokenCode"):
        mfa_session(lambda: "111111", code="654321")


@pytest.mark.parametrize(
    "code", [None, 123456, "12345", "1234567", " 123456", "123456\n", "12345x", "١٢٣٤٥٦"]
)
def test_what_is_no_code_is_not_sent(
    mfa_session: SessionMaker, stand_in: StandIn, role: str, code: Any
) -> None:
    session = mfa_session(lambda: code)
    with pytest.raises(EvercredsValidationError, match="six digits") as caught:
        session.refresh()
    assert str(code) not in str(caught.value).replace("None", "").replace(role, "") or code is None
    assert stand_in.calls(role)["attempts"] == 0
    assert session.status().last_error_class == "permanent"


def test_a_provider_that_raises(mfa_session: SessionMaker) -> None:
    def provider() -> str:
        raise LookupError(SENTINEL)

    with pytest.raises(EvercredsCredentialError, match="LookupError") as caught:
        mfa_session(provider).refresh()
    assert caught.value.code == "mfa_refused"
    assert SENTINEL not in repr(caught.value)
    assert caught.value.__cause__ is not None
    assert isinstance(caught.value.__cause__.__cause__, LookupError)


@pytest.mark.parametrize("as_text", [False, True])
def test_a_command_prints_the_code(
    mfa_session: SessionMaker, stand_in: StandIn, role: str, as_text: bool
) -> None:
    command = python("print('codes 999999 and 246801.')")
    session = mfa_session(f'"{command[0]}" -c "{command[2]}"' if as_text else command)
    session.refresh()
    assert stand_in.calls(role)["successes"] == 1


@pytest.mark.parametrize(
    ("command", "said", "details"),
    [
        (["/nowhere/command", SENTINEL], "not found", None),
        (["/", SENTINEL], "Permission denied", None),
        (python(f"print('{SENTINEL}')"), "no six-digit code", None),
        (python(f"import sys; sys.exit('{SENTINEL} 123456')"), "failed", {"returncode": 1}),
        (python(f"import time; print('{SENTINEL}'); time.sleep(20)"), "timed out", {"timeout": 1}),
    ],
)
def test_a_command_that_fails(
    mfa_session: SessionMaker, command: list[str], said: str, details: dict[str, int] | None
) -> None:
    session = mfa_session(command, mfa_token_provider_kwargs={"timeout": 1})
    with pytest.raises(EvercredsConfigurationError, match=said) as caught:
        session.refresh()
    error: EvercredsError = caught.value
    assert error.param == "mfa_token_provider"
    assert error.details == details
    assert SENTINEL not in repr(error)
    assert error.__cause__ is not None
    assert error.__cause__.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"input": SENTINEL.encode()}, "Invalid mfa_token_provider_kwargs"),
        ({"encoding": SENTINEL}, "Invalid mfa_token_provider_kwargs"),
        ({"errors": SENTINEL, "encoding": "ascii"}, "Invalid mfa_token_provider_kwargs"),
        ({"env": {"NAME": 5, "OTHER": SENTINEL}}, "Invalid mfa_token_provider_kwargs"),
        ({"timeout": 10**400}, "Invalid mfa_token_provider_kwargs"),
        ({"cwd": f"/nowhere/{SENTINEL}"}, "no directory at the cwd"),
        ({"cwd": __file__}, "no directory at the cwd"),
    ],
)
def test_arguments_that_no_command_can_have(
    mfa_session: SessionMaker, given: dict[str, Any], said: str
) -> None:
    """Of many ``subprocess.run`` has no check, so that the errors of its insides come out."""
    program = "import sys; sys.stdout.buffer.write(b'\\xff 123456')"
    session = mfa_session(python(program), mfa_token_provider_kwargs=given)
    with pytest.raises(EvercredsConfigurationError, match=said) as caught:
        session.refresh()
    assert caught.value.param == "mfa_token_provider"
    assert SENTINEL not in repr(caught.value)
    assert caught.value.__suppress_context__
    assert session.status().last_error_class == "permanent"


class TestAttended:
    """A person is asked for the code."""

    @pytest.mark.parametrize("attended", [True, False])
    def test_nobody_is_asked_ahead_of_need(
        self, mfa_session: SessionMaker, stand_in: StandIn, role: str, attended: bool
    ) -> None:
        stand_in.lifetime(role, 10)
        codes = iter(["111111", "222222"])
        windows = {"advisory_timeout": 9, "mandatory_timeout": 0}
        session = mfa_session(lambda: next(codes), attended=attended, **windows)
        session.refresh()
        until(lambda: session.status().phase == "advisory")
        session.get_credentials().get_frozen_credentials()
        if attended:
            assert session.status().counters["starts"] == 1
        else:
            until(lambda: session.status().counters["installs"] == 2)

    @pytest.mark.parametrize("attended", [True, False])
    def test_the_time_counts_from_the_answer_on(
        self, mfa_session: SessionMaker, attended: bool
    ) -> None:
        def slow_person() -> str:
            threading.Event().wait(3.5)
            return "123456"

        session = mfa_session(slow_person, attended=attended, refresh_timeout=3)
        if attended:
            assert session.credentials["access_key"]
            return
        with pytest.raises(EvercredsCredentialError) as caught:
            session.refresh()
        assert caught.value.code == "timed_out"

    def test_a_command_may_ask_on_the_terminal(
        self, mfa_session: SessionMaker, capfd: pytest.CaptureFixture[str]
    ) -> None:
        command = [
            sys.executable,
            "-c",
            "import sys; print('code?', file=sys.stderr); print(123456)",
        ]
        assert mfa_session(command, attended=True).credentials["access_key"]
        assert "code?" in capfd.readouterr().err
        assert mfa_session([*command, "x"]).credentials["access_key"]
        assert "code?" not in capfd.readouterr().err


def test_closing_ends_a_command_that_asks(mfa_session: SessionMaker, tmp_path: Path) -> None:
    """`A asks; close`: nobody needs the code any more."""
    begun = tmp_path / "begun"
    ends = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    program = f"open({str(begun)!r}, 'w').close(); import time; time.sleep(600)"
    arguments = {"timeout": 600}
    session = mfa_session(
        python(ends + program), mfa_token_provider_kwargs=arguments, refresh_timeout=600
    )
    told: list[Any] = []

    def ask() -> None:
        try:
            session.refresh()
        except EvercredsCredentialError as error:
            told.append(error.code)

    caller = threading.Thread(target=ask, daemon=True)
    caller.start()
    until(begun.exists, 60)
    session.close()
    caller.join(60)
    assert told == ["closed"]
    until(lambda: session._host.loop.attempts == 0, 60)
