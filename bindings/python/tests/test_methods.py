"""Methods of a user's own: classes that the factory then makes sessions of."""

from __future__ import annotations

import asyncio
import datetime
import warnings
from collections.abc import Iterator
from typing import Any
from unittest import mock

import boto3
import pytest
from botocore.credentials import RefreshableCredentials

from conftest import StandIn, until
from evercreds import (
    IOT_EXTRA_INSTALLED,
    EvercredsConfigurationError,
    EvercredsCredentialError,
    EvercredsValidationError,
    EvercredsWarning,
    RefreshableSession,
    STSRefreshableSession,
)
from evercreds._session.methods import METHODS
from evercreds.methods.custom import CustomRefreshableSession


@pytest.fixture(autouse=True)
def methods() -> Iterator[None]:
    """What a test registers ends with it."""
    with mock.patch.dict(METHODS):
        yield


def lent(**changes: Any) -> dict[str, Any]:
    expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    return {
        "access_key": "ASIAVAULT",
        "secret_key": "secret",
        "token": "token",
        "expiry_time": expiry,
    } | changes


def vault_class() -> Any:
    class VaultSession(RefreshableSession, method="vault"):
        def __init__(self, path: str, **kwargs: Any) -> None:
            self.path = path
            self.calls = 0
            super().__init__(**kwargs)

        def fetch_credentials(self) -> dict[str, Any]:
            self.calls += 1
            return lent(token=self.path)

    return VaultSession


def test_r1_the_factory_makes_a_registered_class() -> None:
    kind = vault_class()
    ours = ["custom", "iot", "sts"] if IOT_EXTRA_INSTALLED else ["custom", "sts"]
    assert RefreshableSession.get_available_methods() == [*ours, "vault"]
    with RefreshableSession(method="vault", path="team/reader", region_name="eu-west-1") as session:
        assert type(session) is kind
        assert isinstance(session, RefreshableSession)
        assert isinstance(session, boto3.Session)
        assert session.region_name == "eu-west-1"
        assert session.calls == 0, "deferred, as any session"
        assert session.credentials["token"] == "team/reader"
        assert session.credentials["access_key"] == "ASIAVAULT"
        assert session.calls == 1
        held = session.get_credentials()
        assert isinstance(held, RefreshableCredentials)
        assert held.method == session.refresh_method == "vault"
        session.refresh()
        assert session.calls == 2
        assert session.status().phase == "fresh"


def test_what_it_gives_signs_calls(stand_in: StandIn, base_keys: None, role: str) -> None:
    class Chained(RefreshableSession, method="chained", refresh_method="by-hand"):
        def fetch_credentials(self) -> dict[str, Any]:
            # A client of this session: it signs with the base credentials here.
            sts = self.client("sts", endpoint_url=stand_in.endpoint)
            given = sts.assume_role(RoleArn=role, RoleSessionName="by-hand")["Credentials"]
            return {
                "access_key": given["AccessKeyId"],
                "secret_key": given["SecretAccessKey"],
                "token": given["SessionToken"],
                "expiry_time": given["Expiration"],
            }

    with RefreshableSession("chained") as session:
        s3 = session.client("s3", endpoint_url=stand_in.endpoint)
        assert "Buckets" in s3.list_buckets()
        assert session.get_credentials().method == "by-hand"
    assert stand_in.calls(role)["successes"] == 1


def test_it_may_be_eager_and_a_coroutine() -> None:
    class Eager(RefreshableSession, method="eager"):
        async def fetch_credentials(self) -> dict[str, Any]:
            await asyncio.sleep(0)
            return lent(access_key="ASIAEAGER")

    with RefreshableSession("eager", defer_refresh=False) as session:
        assert session.status().phase == "fresh"
        assert session.credentials["access_key"] == "ASIAEAGER"


def test_what_it_returns_is_checked_under_its_own_name() -> None:
    class Odd(RefreshableSession, method="odd"):
        def fetch_credentials(self) -> Any:
            return lent(secret_key="")

    with RefreshableSession("odd") as session:
        with pytest.raises(EvercredsCredentialError, match="fetch_credentials must") as caught:
            _ = session.credentials
        assert caught.value.code == "malformed"


def test_a_class_without_a_name_can_be_called_itself() -> None:
    class Unnamed(RefreshableSession):
        def fetch_credentials(self) -> dict[str, Any]:
            return lent()

    with Unnamed() as session:
        assert session.credentials["access_key"] == "ASIAVAULT"
        assert session.refresh_method == "custom"
    with pytest.raises(EvercredsValidationError):
        RefreshableSession("Unnamed")


def test_a_class_below_one_of_ours_keeps_its_rules(base_keys: None) -> None:
    class Audited(STSRefreshableSession, method="audited"):
        pass

    class Logged(CustomRefreshableSession, method="logged"):
        pass

    role = "arn:aws:iam::123456789012:role/reader"
    with RefreshableSession("audited", assume_role_kwargs={"RoleArn": role}) as session:
        assert type(session) is Audited
        assert session.refresh_method == "audited"
    with RefreshableSession("logged", custom_credentials_method=lent) as session:
        assert session.credentials["access_key"] == "ASIAVAULT"
        assert session.whoami() == {"method": "custom", "source": "'lent'"}


def test_a_failure_is_this_sessions_own() -> None:
    class Closed(RefreshableSession, method="closed-vault"):
        def fetch_credentials(self) -> dict[str, Any]:
            raise PermissionError("sealed")

    with RefreshableSession("closed-vault") as session:
        with pytest.raises(PermissionError, match="sealed"):
            _ = session.credentials
        until(lambda: session.status().counters["failures"] == 1)


@pytest.mark.parametrize("name", [7, "", "  ", True, ["vault"]])
def test_a_name_that_is_none_is_refused(name: Any) -> None:
    with pytest.raises(EvercredsValidationError) as caught:

        class Odd(RefreshableSession, method=name):
            def fetch_credentials(self) -> dict[str, Any]:
                return lent()

    assert caught.value.param == "method"
    assert name not in RefreshableSession.get_available_methods()


@pytest.mark.parametrize("name", ["sts", "custom"])
def test_our_own_names_are_not_given_away(name: str) -> None:
    before = METHODS[name]
    with pytest.raises(EvercredsConfigurationError) as caught:

        class Mine(RefreshableSession, method=name):
            def fetch_credentials(self) -> dict[str, Any]:
                return lent()

    assert caught.value.param == "method"
    assert METHODS[name] is before


def test_a_name_that_is_taken_is_warned_of() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vault_class()
    with pytest.warns(EvercredsWarning, match="vault") as caught:
        second = vault_class()
    assert caught[0].filename == __file__
    with RefreshableSession("vault", path="p") as session:
        assert type(session) is second


def test_a_method_needs_something_to_call() -> None:
    with pytest.raises(EvercredsConfigurationError, match="fetch_credentials"):

        class Nothing(RefreshableSession, method="nothing"):
            pass

    assert "nothing" not in RefreshableSession.get_available_methods()

    class Below(RefreshableSession):
        pass

    with Below() as session, pytest.raises(NotImplementedError, match="Below"):
        _ = session.credentials


def test_an_eager_source_signs_with_the_base_credentials(
    stand_in: StandIn, base_keys: None, role: str
) -> None:
    """Who signs in fetch_credentials are the base credentials, and nowhere else."""

    class Lender(RefreshableSession):
        def fetch_credentials(self) -> Any:
            sts = self.client("sts", endpoint_url=stand_in.endpoint)
            assert ":user/" in sts.get_caller_identity()["Arn"]
            lent = sts.assume_role(RoleArn=role, RoleSessionName="lent")["Credentials"]
            return {
                "access_key": lent["AccessKeyId"],
                "secret_key": lent["SecretAccessKey"],
                "token": lent["SessionToken"],
                "expiry_time": lent["Expiration"],
            }

    with Lender(defer_refresh=False) as session:
        given = session.get_credentials().get_frozen_credentials()
        assert given.access_key == session.credentials["access_key"]
        sts = session.client("sts", endpoint_url=stand_in.endpoint)
        assert ":assumed-role/" in sts.get_caller_identity()["Arn"]
