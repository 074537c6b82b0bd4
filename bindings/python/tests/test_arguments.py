"""Every argument that is not in order gets an error that names it."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from evercreds import (
    AssumeRoleConfig,
    BRSValidationError,
    CustomRefreshableSession,
    EvercredsConfigurationError,
    EvercredsValidationError,
    EvercredsWarning,
    RefreshableSession,
    STSClientConfig,
    STSRefreshableSession,
)
from evercreds._library import abi_generated as abi
from evercreds._library.options import DEFAULTS, options_from

ROLE = "arn:aws:iam::123456789012:role/reader"
NAN = float("nan")


def make(**kwargs: Any) -> Any:
    kwargs.setdefault("assume_role_kwargs", {"RoleArn": ROLE})
    return RefreshableSession(**kwargs)


@pytest.mark.parametrize(
    ("param", "values"),
    [
        ("method", ["STS", "", None, 1, ["sts"], "unknown", "IoT", "ecs"]),
        ("defer_refresh", [None, 0, 1, "", "no", "True", 1.0]),
        ("advisory_timeout", [-1, 43200, 1.5, NAN, "900", True, [], 10**400, "AUTO", 900j]),
        ("mandatory_timeout", [-1, 43200, 1.5, NAN, "600", "auto", False, float("inf")]),
        ("policy", ["Classic", "", 0, True, b"classic"]),
        ("stability", ["loose", 1, ()]),
        ("advisory_refresh", ["foreground", 1]),
        ("refresh_timeout", [0, -1, 43201, NAN, "60", True]),
        ("jitter", [1, "yes", 0.0]),
        ("max_stale", [-1, 31536001, NAN, "1", False]),
        ("max_wait", [-1, 3600.5, NAN, "1", False]),
        ("assume_role_kwargs", [None, ROLE, 7, [ROLE]]),
        ("sts_client_kwargs", ["sts", 7, []]),
        ("botocore_session", [7, "session", boto3.Session]),
        ("region_name", [7, b"eu-west-1", True]),
        ("profile_name", [7, b"default", True]),
        ("aws_access_key_id", [7, b"AKIA"]),
        ("aws_secret_access_key", [7, b"secret"]),
        ("aws_session_token", [7, b"token"]),
        ("aws_account_id", [123456789012]),
    ],
)
def test_a_value_out_of_order_is_refused_by_name(param: str, values: list[Any]) -> None:
    for value in values:
        with pytest.raises(EvercredsValidationError) as caught:
            make(**{param: value})
        assert caught.value.param == param, value
        assert param in str(caught.value)
        assert isinstance(caught.value, BRSValidationError)


@pytest.mark.parametrize(
    ("param", "values"),
    [
        ("custom_credentials_method", [None, "text", 7, {}]),
        ("custom_credentials_method_args", [[], "text", 7, {1: 2}]),
    ],
)
def test_a_custom_methods_value_too(param: str, values: list[Any]) -> None:
    for value in values:
        arguments = {"custom_credentials_method": dict, param: value}
        with pytest.raises(EvercredsValidationError, match=param) as caught:
            RefreshableSession(method="custom", **arguments)
        assert caught.value.param == param


def test_windows_must_fit_each_other() -> None:
    with pytest.raises(EvercredsValidationError) as caught:
        make(advisory_timeout=100, mandatory_timeout=200)
    assert caught.value.param == "mandatory_timeout"
    make(advisory_timeout=100)  # the default of the other is made to fit
    make(mandatory_timeout=1000)
    make(advisory_timeout=0, mandatory_timeout=0)
    make(advisory_timeout="auto", mandatory_timeout=30)


@pytest.mark.parametrize("name", ["assume_role", "advisory_timout", "rolearn", "secret"])
def test_an_unknown_name_is_a_type_error(name: str) -> None:
    with pytest.raises(TypeError, match=name) as caught:
        make(**{name: "sentinel-value"})
    assert "sentinel-value" not in str(caught.value)


def test_what_is_missing_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="assume_role_kwargs"):
        RefreshableSession()
    with pytest.raises(TypeError, match="custom_credentials_method"):
        RefreshableSession("custom")
    with pytest.raises(TypeError, match="RoleArn"):
        make(assume_role_kwargs={})
    with pytest.raises(TypeError):
        RefreshableSession("sts", {"RoleArn": ROLE})


@pytest.mark.parametrize(
    ("kwargs", "param"),
    [
        ({"RoleArn": "short"}, "RoleArn"),
        ({"RoleArn": 7}, "RoleArn"),
        ({"RoleArn": ROLE, "TokenCode": "12345"}, "TokenCode"),
        ({"RoleArn": ROLE, "TokenCode": "١٢٣٤٥٦"}, "TokenCode"),
        ({"RoleArn": ROLE, "DurationSeconds": 899}, "DurationSeconds"),
        ({"RoleArn": ROLE, "DurationSeconds": 43201}, "DurationSeconds"),
        ({"RoleArn": ROLE, "DurationSeconds": "3600"}, "DurationSeconds"),
        ({"RoleArn": ROLE, "DurationSeconds": True}, "DurationSeconds"),
        ({"RoleArn": ROLE, "DurationSeconds": 10**400}, "DurationSeconds"),
    ],
)
def test_parameters_of_the_role_are_checked(kwargs: dict[str, Any], param: str) -> None:
    with pytest.raises(EvercredsValidationError, match=param) as caught:
        make(assume_role_kwargs=kwargs)
    assert caught.value.param == param


def test_boto3s_arguments_pass_through() -> None:
    session = make(region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b")
    assert session.region_name == "eu-central-1"
    positional = STSRefreshableSession(AssumeRoleConfig(RoleArn=ROLE))
    assert positional.assume_role_kwargs.RoleArn == ROLE
    both = STSRefreshableSession({"RoleArn": ROLE}, {"region_name": "eu-west-1"})
    assert both.sts_client_kwargs.region_name == "eu-west-1"
    given = {"a": 1}
    custom = CustomRefreshableSession(lambda a: None, given)
    assert custom.refresh_method == "custom"


def test_the_users_configs_are_kept_as_they_are() -> None:
    role, client = AssumeRoleConfig(RoleArn=ROLE), STSClientConfig()
    session = make(assume_role_kwargs=role, sts_client_kwargs=client)
    assert session.assume_role_kwargs is role
    assert session.sts_client_kwargs is client
    assert role == {"RoleArn": ROLE}
    assert type(make().assume_role_kwargs) is AssumeRoleConfig
    assert make().sts_client_kwargs == {"service_name": "sts"}
    assert make(assume_role_kwargs=role | {"RoleSessionName": "me"}).assume_role_kwargs == {
        "RoleArn": ROLE,
        "RoleSessionName": "me",
    }


def test_a_warning_points_to_the_users_line() -> None:
    role = {"RoleArn": ROLE, "SerialNumber": "arn:aws:iam::1:mfa/x", "TokenCode": "123456"}
    for kind in (RefreshableSession, STSRefreshableSession):
        with pytest.warns(EvercredsWarning) as caught:
            kind(
                assume_role_kwargs=role,
                mfa_token_provider=lambda: "123456",
                sts_client_kwargs={"service_name": "s3"},
            )
        assert [each.filename for each in caught] == [__file__] * 2


def test_the_attributes_of_a_session() -> None:
    session = make(advisory_timeout=300, mandatory_timeout=60)
    assert (session.advisory_timeout, session.mandatory_timeout) == (300, 60)
    assert session.defer_refresh is True
    assert session.refresh_method == session.get_credentials().method == "sts-assume-role"
    assert (make().advisory_timeout, make().mandatory_timeout) == (None, None)
    custom = RefreshableSession("custom", custom_credentials_method=dict)
    assert custom.refresh_method == custom.get_credentials().method == "custom"


@pytest.mark.parametrize(
    "name", ["aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_account_id"]
)
def test_half_of_some_keys_is_no_base(name: str) -> None:
    with pytest.raises(EvercredsConfigurationError, match=name) as caught:
        make(**{name: "half"})
    assert "half" not in str(caught.value)


def test_method_alone_may_be_positional() -> None:
    with pytest.raises(TypeError, match="takes only method"):
        RefreshableSession("sts", {"RoleArn": ROLE})  # type: ignore[call-arg]


def test_the_value_of_an_unknown_method_is_told() -> None:
    with pytest.raises(EvercredsValidationError) as caught:
        make(method=7)
    assert caught.value.value == 7
    with pytest.raises(EvercredsValidationError) as caught:
        make(method=None)
    assert caught.value.value is None


def test_refresh_method_cannot_be_chosen() -> None:
    with pytest.warns(EvercredsWarning, match="refresh_method"):
        session = make(refresh_method="mine")
    assert session.refresh_method == "sts-assume-role"


def test_in_lambda_nothing_runs_in_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    inline = (abi.Option.ADVISORY_REFRESH, abi.AdvisoryRefresh.INLINE)
    assert inline not in options_from(abi.Method.STS, DEFAULTS)
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "function")
    assert inline in options_from(abi.Method.STS, DEFAULTS)
    given = DEFAULTS | {"advisory_refresh": "background"}
    assert inline not in options_from(abi.Method.STS, given)


@pytest.mark.parametrize(
    ("mfa", "param"),
    [
        ({"mfa_token_provider": ("echo", "123456")}, "mfa_token_provider"),
        ({"mfa_token_provider": 7}, "mfa_token_provider"),
        ({"mfa_token_provider": ["echo", 7]}, "mfa_token_provider"),
        ({"mfa_token_provider": "x", "mfa_token_provider_kwargs": []}, "mfa_token_provider_kwargs"),
        ({"mfa_token_provider_kwargs": []}, "mfa_token_provider_kwargs"),
    ],
)
def test_mfa_arguments_are_checked(mfa: dict[str, Any], param: str) -> None:
    with pytest.raises(EvercredsValidationError) as caught:
        make(assume_role_kwargs={"RoleArn": ROLE, "SerialNumber": "arn:aws:iam::1:mfa/x"}, **mfa)
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("mfa", "param"),
    [
        ({"mfa_token_provider": ""}, "mfa_token_provider"),
        ({"mfa_token_provider": "  "}, "mfa_token_provider"),
        ({"mfa_token_provider": []}, "mfa_token_provider"),
        ({"mfa_token_provider": "open 'quote"}, "mfa_token_provider"),
        (
            {"mfa_token_provider": "x", "mfa_token_provider_kwargs": {"shell": True}},
            "mfa_token_provider_kwargs",
        ),
        (
            {"mfa_token_provider": "x", "mfa_token_provider_kwargs": {"stdout": None}},
            "mfa_token_provider_kwargs",
        ),
        (
            {"mfa_token_provider": "x", "mfa_token_provider_kwargs": {"colour": 1}},
            "mfa_token_provider_kwargs",
        ),
    ],
)
def test_mfa_commands_are_checked(mfa: dict[str, Any], param: str) -> None:
    with pytest.raises(EvercredsConfigurationError) as caught:
        make(assume_role_kwargs={"RoleArn": ROLE, "SerialNumber": "arn:aws:iam::1:mfa/x"}, **mfa)
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("role", "provider", "param"),
    [
        ({}, lambda: "123456", "SerialNumber"),
        ({"SerialNumber": "arn:aws:iam::1:mfa/x"}, None, "SerialNumber/TokenCode"),
        ({"TokenCode": "123456"}, None, "SerialNumber/TokenCode"),
    ],
)
def test_mfa_parameters_go_together(role: dict[str, Any], provider: Any, param: str) -> None:
    with pytest.raises(EvercredsConfigurationError) as caught:
        make(assume_role_kwargs={"RoleArn": ROLE} | role, mfa_token_provider=provider)
    assert caught.value.param == param
