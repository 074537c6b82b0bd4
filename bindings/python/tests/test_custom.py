"""Credentials from a function of the user's."""

from __future__ import annotations

import asyncio
import contextvars
import datetime
import pickle
import traceback
from typing import Any

import pytest
from botocore.exceptions import ClientError

from conftest import StandIn
from evercreds import (
    NEVER_EXPIRES,
    CustomRefreshableSession,
    EvercredsConfigurationError,
    EvercredsCredentialError,
    RefreshableSession,
)

UTC = datetime.timezone.utc


def in_an_hour() -> datetime.datetime:
    return datetime.datetime.now(UTC) + datetime.timedelta(hours=1)


def good(**changes: Any) -> dict[str, Any]:
    return {
        "access_key": "ASIAFIRST",
        "secret_key": "secret",
        "token": "token",
        "expiry_time": in_an_hour().isoformat(),
    } | changes


def custom(method: Any, **more: Any) -> Any:
    return RefreshableSession(method="custom", custom_credentials_method=method, **more)


def test_the_function_gets_its_arguments() -> None:
    session = custom(
        lambda name: good(access_key=name, account_id="210987654321"),
        custom_credentials_method_args={"name": "ASIANAMED"},
    )
    assert isinstance(session, CustomRefreshableSession)
    assert session.refresh_method == session.get_credentials().method == "custom"
    assert session.credentials["access_key"] == "ASIANAMED"
    assert session.get_credentials().account_id == "210987654321"


def test_identity_names_the_source() -> None:
    def provider() -> dict[str, Any]:
        return good()

    class Callable:
        def __call__(self) -> dict[str, Any]:
            return good()

        def __repr__(self) -> str:
            return "sentinel-secret"

    assert custom(provider).whoami() == {"method": "custom", "source": "'provider'"}
    assert custom(Callable()).get_identity() == {"method": "custom", "source": "'Callable'"}


@pytest.mark.parametrize(
    "given",
    [
        lambda: in_an_hour(),
        lambda: in_an_hour().astimezone(datetime.timezone(datetime.timedelta(hours=5.5))),
        lambda: in_an_hour().isoformat(),
        lambda: in_an_hour().isoformat().replace("+00:00", "Z"),
    ],
)
def test_an_expiry_is_an_instant_however_it_is_written(given: Any) -> None:
    session = custom(lambda: good(expiry_time=given()))
    session.refresh()
    assert 3590 < session.status().remaining <= 3600


def test_credentials_may_be_said_to_never_expire() -> None:
    session = custom(lambda: good(expiry_time=NEVER_EXPIRES))
    assert session.credentials["expiry_time"] is None
    assert session.status().remaining is None
    assert not session.get_credentials().refresh_needed()


@pytest.mark.parametrize(
    ("reply", "named"),
    [
        (None, "dict"),
        ("text", "dict"),
        ([], "dict"),
        ({}, "expiry_time"),
        ({"access_key": "a", "secret_key": "b", "token": "c"}, "expiry_time"),
        (good(access_key=None), "access_key"),
        (good(access_key=""), "access_key"),
        (good(secret_key=7), "secret_key"),
        (good(token=b"token"), "token"),
        (good(token="token\n"), "token"),
        (good(token="to ken"), "token"),
        (good(secret_key="secret\ud800"), "secret_key"),
        (good(access_key="ASIA\u00c4"), "access_key"),
        (good(account_id=1), "account_id"),
        (good(expiry_time=None), "expiry_time"),
        (good(expiry_time=1.5), "expiry_time"),
        (good(expiry_time="tomorrow"), "expiry_time"),
        (good(expiry_time="2999-01-01T00:00:00"), "expiry_time"),
        (good(expiry_time=datetime.datetime(2999, 1, 1)), "expiry_time"),
    ],
)
def test_a_reply_that_is_not_in_order_is_refused(reply: Any, named: str) -> None:
    kept = dict(reply) if isinstance(reply, dict) else reply
    session = custom(lambda: reply)
    with pytest.raises(EvercredsCredentialError, match=named) as caught:
        session.refreshable_credentials()
    assert caught.value.code == "malformed"
    assert "secret" not in str(caught.value).replace("secret_key", "")
    assert reply == kept
    assert session.status().last_error_code == "malformed"


def test_one_bad_reply_does_not_break_the_session() -> None:
    replies = [good(expiry_time=datetime.datetime(2999, 1, 1)), good()]
    session = custom(lambda: replies.pop(0))
    with pytest.raises(EvercredsCredentialError, match="offset"):
        session.refresh()
    session.refresh()
    assert session.credentials["access_key"] == "ASIAFIRST"


def test_the_functions_own_error_reaches_the_caller() -> None:
    class MineError(Exception):
        pass

    def fail() -> None:
        raise MineError("of mine")

    session = custom(fail)
    for _ in range(2):
        with pytest.raises(MineError, match="of mine") as caught:
            session.get_credentials().get_frozen_credentials()
        assert caught.value.__cause__ is not None
        frames = traceback.extract_tb(caught.value.__cause__.__traceback__)
        assert "fail" in [frame.name for frame in frames]


def test_a_coroutine_function_works_inside_a_running_loop() -> None:
    async def provider(name: str) -> dict[str, Any]:
        await asyncio.sleep(0)
        return good(access_key=name)

    session = custom(provider, custom_credentials_method_args={"name": "ASIAASYNC"})

    async def main() -> str:
        return str(session.credentials["access_key"])

    assert asyncio.run(main()) == "ASIAASYNC"


def test_context_variables_reach_the_function() -> None:
    variable = contextvars.ContextVar("variable", default="unset")
    variable.set("ASIACONTEXT")
    assert (
        custom(lambda: good(access_key=variable.get())).credentials["access_key"] == "ASIACONTEXT"
    )


@pytest.mark.usefixtures("base_keys")
def test_the_function_may_use_its_own_session(stand_in: StandIn, role: str) -> None:
    """It signs with the base credentials, at the first refresh as at any later one."""
    callers: list[str] = []

    def provider() -> dict[str, Any]:
        sts = session.client("sts", endpoint_url=stand_in.endpoint)
        callers.append(sts.get_caller_identity()["Arn"])
        reply = sts.assume_role(RoleArn=role, RoleSessionName="own")["Credentials"]
        return {
            "access_key": reply["AccessKeyId"],
            "secret_key": reply["SecretAccessKey"],
            "token": reply["SessionToken"],
            "expiry_time": reply["Expiration"],
        }

    session = custom(provider)
    session.refresh()
    session.refresh()
    assert len(callers) == 2
    assert all(":user/" in caller for caller in callers), callers
    own = session.client("sts", endpoint_url=stand_in.endpoint).get_caller_identity()["Arn"]
    assert ":assumed-role/" in own


@pytest.mark.parametrize("use", ["credentials", "refresh", "credentials_for"])
def test_the_function_may_not_ask_for_what_it_is_to_give(use: str) -> None:
    def provider() -> dict[str, Any]:
        asked = getattr(session, use)
        if use != "credentials":
            asked(**({"min_ttl": 60} if use == "credentials_for" else {}))
        return good()

    session = custom(provider)
    with pytest.raises(EvercredsConfigurationError, match="must not ask its own session") as caught:
        session.refreshable_credentials()
    assert repr(pickle.loads(pickle.dumps(caught.value))) == repr(caught.value)


def test_an_expiry_before_all_time_is_no_expiry() -> None:
    begin = datetime.datetime.min.replace(tzinfo=UTC)
    with pytest.raises(EvercredsCredentialError) as caught:
        custom(lambda: good(expiry_time=begin)).refresh()
    assert caught.value.code == "malformed"


def test_without_base_credentials_that_is_a_clear_error() -> None:
    def provider() -> dict[str, Any]:
        session.get_credentials().get_frozen_credentials()
        return good()

    session = custom(provider)
    with pytest.raises(EvercredsConfigurationError, match="while its own credentials"):
        session.refresh()


@pytest.mark.usefixtures("base_keys")
def test_the_services_error_decides_the_backoff(stand_in: StandIn, role: str) -> None:
    stand_in.fault("error", role=role, code="ThrottlingException", retry_after_s=30)
    calls = []

    def provider() -> dict[str, Any]:
        calls.append(1)
        other = RefreshableSession(
            assume_role_kwargs={"RoleArn": role},
            sts_client_kwargs={"endpoint_url": stand_in.endpoint},
        )
        return dict(other.credentials)

    session = custom(provider)
    for _ in range(5):
        with pytest.raises(ClientError, match="Throttling"):
            session.refreshable_credentials()
    assert len(calls) == 1


@pytest.mark.usefixtures("base_keys")
def test_what_a_function_was_refused_may_pass(stand_in: StandIn, role: str) -> None:
    """AWS's list of failures that stay is STS's: of a call of the function's nothing is known."""
    stand_in.fault("access_denied", role=role, count=1)

    def provider() -> dict[str, Any]:
        other = RefreshableSession(
            assume_role_kwargs={"RoleArn": role},
            sts_client_kwargs={"endpoint_url": stand_in.endpoint},
        )
        return dict(other.credentials)

    session = custom(provider)
    with pytest.raises(ClientError, match="AccessDenied"):
        session.refreshable_credentials()
    assert session.refreshable_credentials()["access_key"].startswith("ASIA")
