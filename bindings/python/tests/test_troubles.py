"""Each trouble that users meet is provoked, and its first sentence says what to do."""

from __future__ import annotations

import datetime
import http.server
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from conftest import ROLE, SessionMaker, StandIn
from evercreds import EvercredsError, RefreshableSession
from evercreds._library import abi_generated as abi

ROLE_ARN = ROLE + "troubles"
ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1})
SSO = """[profile sso]
sso_start_url = https://example.awsapps.com/start
sso_region = us-east-1
sso_account_id = 123456789012
sso_role_name = reader
"""


class Stage:
    """What the troubles need of a test."""

    def __init__(
        self,
        stand_in: StandIn,
        iot_session: SessionMaker,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
    ) -> None:
        self.stand_in = stand_in
        self.iot_session = iot_session
        self.environment = monkeypatch
        self.tmp_path = tmp_path
        self.client: dict[str, Any] = {"endpoint_url": stand_in.endpoint, "config": ONCE}
        self.keys(stand_in.access_key_id, stand_in.secret_access_key)

    def keys(self, access_key_id: str, secret_access_key: str) -> None:
        self.environment.setenv("AWS_ACCESS_KEY_ID", access_key_id)
        self.environment.setenv("AWS_SECRET_ACCESS_KEY", secret_access_key)

    def no_keys(self) -> None:
        self.environment.delenv("AWS_ACCESS_KEY_ID")
        self.environment.delenv("AWS_SECRET_ACCESS_KEY")

    def assume(self, **kwargs: Any) -> Any:
        """Make a session whose first refresh meets the trouble."""
        role = {"RoleArn": ROLE_ARN, **kwargs.pop("role", {})}
        return RefreshableSession(
            assume_role_kwargs=role, sts_client_kwargs=self.client, max_wait=0, **kwargs
        )

    def refused(self, code: str, message: str = "no", **kwargs: Any) -> Any:
        self.stand_in.fault("error", role=ROLE_ARN, status=403, code=code, message=message)
        return self.assume(**kwargs)

    def asking_for_a_code(self, provider: Callable[[], str]) -> dict[str, Any]:
        device = {"SerialNumber": "arn:aws:iam::123456789012:mfa/me"}
        return {"role": device, "mfa_token_provider": provider}


def _no_region(stage: Stage) -> Any:
    stage.environment.delenv("AWS_DEFAULT_REGION")
    return stage.assume()


def _no_credentials(stage: Stage) -> Any:
    stage.no_keys()
    return stage.assume()


def _no_profile(stage: Stage) -> Any:
    stage.no_keys()
    stage.environment.setenv("AWS_PROFILE", "no-such-profile")
    return stage.assume()


def _login_ended(stage: Stage) -> Any:
    stage.no_keys()
    config = stage.tmp_path / "config"
    config.write_text(SSO)
    stage.environment.setenv("AWS_CONFIG_FILE", str(config))
    stage.environment.setenv("HOME", str(stage.tmp_path))
    return stage.assume(profile_name="sso")


def _short_base(stage: Stage) -> Any:
    def give() -> dict[str, Any]:
        ends = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=40)
        names = ("access_key", "secret_key", "token")
        return {**dict.fromkeys(names, "x"), "expiry_time": ends.isoformat()}

    return stage.assume(source=RefreshableSession(method="custom", custom_credentials_method=give))


def _no_code(stage: Stage) -> Any:
    def fails() -> str:
        raise LookupError("no device")

    return stage.assume(**stage.asking_for_a_code(fails))


def _mfa_refused(stage: Stage) -> Any:
    message = "MultiFactorAuthentication failed with invalid MFA one time pass code."
    return stage.refused("AccessDenied", message, **stage.asking_for_a_code(lambda: "123456"))


def _unknown_key(stage: Stage) -> Any:
    stage.keys("AKIAIOSFODNN7EXAMPLE", stage.stand_in.secret_access_key)
    return stage.assume()


def _clock(stage: Stage) -> Any:
    stage.keys(stage.stand_in.access_key_id, stage.stand_in.secret_access_key + "x")
    return stage.assume()


def _proxy(stage: Stage) -> Any:
    stage.client = {"config": ONCE.merge(Config(proxies={"https": nobody()}))}
    return stage.assume()


def _no_aws_reply(stage: Stage) -> Any:
    class Portal(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(502)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    portal = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Portal)
    portal.daemon_threads = True

    def serve() -> None:
        with portal:
            portal.handle_request()

    threading.Thread(target=serve, daemon=True).start()
    stage.client["endpoint_url"] = f"http://127.0.0.1:{portal.server_port}"
    return stage.assume()


def _tls(stage: Stage) -> Any:
    stage.client["endpoint_url"] = stage.stand_in.introduction["tls_endpoint"]
    return stage.assume()


def _timeout(stage: Stage) -> Any:
    stage.stand_in.fault("hang", role=ROLE_ARN)
    stage.client["config"] = ONCE.merge(Config(read_timeout=0.2))
    return stage.assume()


def _network(stage: Stage) -> Any:
    stage.client["endpoint_url"] = nobody()
    return stage.assume()


TROUBLES: dict[str, Callable[[Stage], Any]] = {
    "no_region": _no_region,
    "no_profile": _no_profile,
    "login_ended": _login_ended,
    "no_credentials": _no_credentials,
    "short_base": _short_base,
    "no_code": _no_code,
    "mfa_refused": _mfa_refused,
    "access_denied": lambda stage: stage.refused("AccessDenied"),
    "alias_denied": lambda stage: stage.iot_session(thing_name="another-thing", max_wait=0),
    "no_alias": lambda stage: stage.iot_session(role_alias="no-such-alias", max_wait=0),
    "unknown_key": _unknown_key,
    "clock": _clock,
    "expired_credentials": lambda stage: stage.refused("ExpiredToken"),
    "throttled": lambda stage: stage.refused("Throttling"),
    "region_disabled": lambda stage: stage.refused("RegionDisabledException"),
    "bad_request": lambda stage: stage.refused("PackedPolicyTooLarge"),
    "proxy": _proxy,
    "no_aws_reply": _no_aws_reply,
    "service_down": lambda stage: stage.refused("ServiceUnavailable"),
    "tls": _tls,
    "timeout": _timeout,
    "network": _network,
}


@pytest.fixture
def stage(
    stand_in: StandIn,
    iot_session: SessionMaker,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Stage:
    return Stage(stand_in, iot_session, monkeypatch, tmp_path)


ERRORS = (BotoCoreError, ClientError, EvercredsError)


@pytest.mark.parametrize("name", abi.TROUBLES)
def test_the_first_sentence_says_what_to_do(name: str, stage: Stage) -> None:
    with pytest.raises(ERRORS) as caught, TROUBLES[name](stage) as session:
        session.refreshable_credentials()
    text = str(caught.value)
    assert text.startswith(abi.TROUBLES[name] + " ("), text
    if name != "no_profile":  # which botocore refuses at once
        assert caught.value.__cause__ is not None
        assert not str(caught.value.__cause__).startswith(abi.TROUBLES[name])


@pytest.mark.parametrize("name", [name for name in abi.TROUBLES if name != "no_profile"])
def test_the_status_tells_the_trouble_and_the_role(name: str, stage: Stage) -> None:
    codes = {code for _, given, _, _, trouble in abi.ANSWERS for code in given if trouble == name}
    with TROUBLES[name](stage) as session:
        with pytest.raises(ERRORS) as caught:
            session.refreshable_credentials()
        status = session.status()
    assert status.last_aws_error_code in {name, *codes}
    if name == "short_base":
        assert status.last_error_class == "permanent"
    assert status.role
    assert f"{status.last_aws_error_code}; " in str(caught.value)
    assert status.role in str(caught.value)


def test_botocores_own_reason_is_told_without_the_value(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    # as where a loader of the user's hides the model of STS from the check at construction
    monkeypatch.setattr("evercreds.methods.sts.check_assume_role", lambda *_: None)
    with (
        stage.assume(role={"RoleSessionName": "x"}) as session,
        pytest.raises(EvercredsError, match=r"valid min length: 2") as caught,
    ):
        session.refreshable_credentials()
    assert ROLE_ARN in str(caught.value)


def nobody() -> str:
    """Give the address of a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
