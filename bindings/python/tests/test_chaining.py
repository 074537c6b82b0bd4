"""Sessions whose base credentials are another session's: chained roles."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from conftest import SessionMaker, StandIn, ended_well, in_child, in_threads, until
from evercreds import (
    AssumeRoleConfig,
    CustomRefreshableSession,
    EvercredsConfigurationError,
    EvercredsCredentialError,
    EvercredsValidationError,
    RefreshableSession,
    STSRefreshableSession,
)

ARN = "arn:aws:iam::123456789012:role/child"


@pytest.fixture
def parent_role(role: str) -> str:
    return f"{role[:60]}-parent"


@pytest.fixture
def parent(sts_session: SessionMaker, parent_role: str) -> Any:
    return sts_session(assume_role_kwargs={"RoleArn": parent_role})


def custom(stand_in: StandIn, **more: Any) -> Any:
    """A session with the credentials that a function gets."""

    def give() -> dict[str, Any]:
        sts = botocore.session.Session().create_client("sts", endpoint_url=stand_in.endpoint)
        reply = sts.assume_role(RoleArn=ARN, RoleSessionName="custom")["Credentials"]
        return {
            "access_key": reply["AccessKeyId"],
            "secret_key": reply["SecretAccessKey"],
            "token": reply["SessionToken"],
            "expiry_time": reply["Expiration"],
        }

    return RefreshableSession(method="custom", custom_credentials_method=give, **more)


def test_the_child_is_assumed_with_the_parents_credentials(
    sts_session: SessionMaker, stand_in: StandIn, role: str, parent: Any, parent_role: str
) -> None:
    child = sts_session(source=parent)
    assert stand_in.calls(parent_role)["attempts"] == 0, "nothing is fetched before it is needed"
    assert child.whoami()["Arn"].split("/")[1] == role.split("/")[1]
    assert child.client("s3", endpoint_url=stand_in.endpoint).list_buckets()["Buckets"]
    for _ in range(3):
        child.refresh()
    assert stand_in.calls(parent_role)["successes"] == 1
    assert stand_in.calls(role)["successes"] == 4
    assert parent.whoami()["Arn"].split("/")[1] == parent_role.split("/")[1]


def test_the_base_user_is_not_asked_by_the_child(
    sts_session: SessionMaker, parent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = sts_session(source=parent)
    parent.refresh()
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    child.refresh()


def test_a_chain_of_three(
    sts_session: SessionMaker, stand_in: StandIn, role: str, parent: Any, parent_role: str
) -> None:
    middle_role = f"{role[:60]}-middle"
    middle = sts_session(source=parent, assume_role_kwargs={"RoleArn": middle_role})
    child = sts_session(source=middle)
    assert child.whoami()["Arn"].split("/")[1] == role.split("/")[1]
    child.refresh()
    counts = [stand_in.calls(each)["successes"] for each in (parent_role, middle_role, role)]
    assert counts == [1, 1, 2]


def test_the_region_is_the_parents_unless_given(sts_session: SessionMaker) -> None:
    parent = sts_session(region_name="us-east-1")
    assert sts_session(source=parent).region_name == "us-east-1"
    child = sts_session(source=parent, region_name="eu-west-3")
    assert (child.region_name, parent.region_name) == ("eu-west-3", "us-east-1")
    assert child._host.loop.source._make_client().meta.region_name == "eu-west-3"


def test_the_parent_must_have_a_minute_left(
    sts_session: SessionMaker, stand_in: StandIn, parent_role: str
) -> None:
    """The parent would serve its set for some time yet; the child needs more."""
    stand_in.lifetime(parent_role, 62)
    windows = {"advisory_timeout": 1, "mandatory_timeout": 0}
    parent = sts_session(assume_role_kwargs={"RoleArn": parent_role}, **windows)
    child = sts_session(source=parent)
    child.refresh()
    before = stand_in.calls(parent_role)["successes"]
    until(lambda: parent.status().remaining < 60)
    assert parent.credentials
    assert stand_in.calls(parent_role)["successes"] == before, "the parent's callers are served"
    child.refresh()
    assert stand_in.calls(parent_role)["successes"] > before


def test_a_parent_with_less_than_a_minute_left(
    sts_session: SessionMaker, stand_in: StandIn, parent: Any, parent_role: str
) -> None:
    stand_in.lifetime(parent_role, 30)
    with pytest.raises(EvercredsCredentialError, match="the source of this one") as caught:
        sts_session(source=parent).refresh()
    assert (caught.value.code, caught.value.param) == ("min_ttl", "source")


@pytest.mark.parametrize("through", ["source", "botocore_session"])
def test_more_than_an_hour_is_refused_at_construction(
    sts_session: SessionMaker, stand_in: StandIn, role: str, parent: Any, through: str
) -> None:
    def chained(seconds: int, **more: Any) -> Any:
        given = parent if through == "source" else parent._session
        config = AssumeRoleConfig(RoleArn=role, DurationSeconds=seconds)
        return sts_session(assume_role_kwargs=config, **{through: given}, **more)

    for more in ({}, {"region_name": "us-east-1"}):
        with pytest.raises(EvercredsValidationError, match="at most 3600") as caught:
            chained(3601, **more)
        assert caught.value.param == "DurationSeconds"
    chained(3600).refresh()
    assert stand_in.calls(role)["attempts"] == 1


@pytest.mark.parametrize("through", ["source", "botocore_session"])
def test_more_than_an_hour_with_a_class_of_the_users(
    sts_session: SessionMaker, stand_in: StandIn, role: str, parent_role: str, through: str
) -> None:
    """Whatever it is called: its credentials are a role's where those of its base class are."""

    class My(STSRefreshableSession, refresh_method="mine"):
        pass

    class Named(CustomRefreshableSession, refresh_method="sts-assume-role"):
        pass

    config = AssumeRoleConfig(RoleArn=role, DurationSeconds=7200)
    client = {"endpoint_url": stand_in.endpoint}
    with My({"RoleArn": parent_role}, client) as parent:
        given = {through: parent if through == "source" else parent._session}
        with pytest.raises(EvercredsValidationError, match="at most 3600"):
            sts_session(assume_role_kwargs=config, **given)
    with Named(dict) as parent:
        given = {through: parent if through == "source" else parent._session}
        assert sts_session(assume_role_kwargs=config, **given)


def test_sts_refuses_more_than_an_hour_for_a_functions_role(
    sts_session: SessionMaker, stand_in: StandIn, role: str, base_keys: None
) -> None:
    """Whose credentials a function gives is for STS to know: here, a role's."""
    with custom(stand_in) as parent:
        config = AssumeRoleConfig(RoleArn=role, DurationSeconds=7200)
        child = sts_session(source=parent, assume_role_kwargs=config)
        with pytest.raises(ClientError, match="role chaining"):
            child.refresh()


def test_any_session_may_be_the_source(
    sts_session: SessionMaker, stand_in: StandIn, role: str, base_keys: None
) -> None:
    class Mine(CustomRefreshableSession):
        pass

    with custom(stand_in) as parent:
        assert sts_session(source=parent).whoami()["Arn"].split("/")[1] == role.split("/")[1]
        keys = parent.credentials
    given = {**keys, "expiry_time": "2999-01-01T00:00:00Z"}
    with Mine(lambda: given) as parent:
        assert sts_session(source=parent).whoami()["Arn"].split("/")[1] == role.split("/")[1]


def test_a_custom_sources_clients_sign_as_the_parent(
    stand_in: StandIn, parent: Any, parent_role: str
) -> None:
    seen: list[str] = []

    def give() -> dict[str, Any]:
        sts = session.client("sts", endpoint_url=stand_in.endpoint)
        seen.append(sts.get_caller_identity()["Arn"].split("/")[1])
        return dict(parent.credentials)

    session = RefreshableSession(method="custom", custom_credentials_method=give, source=parent)
    session.refresh()
    session.close()
    assert seen == [parent_role.split("/")[1]]


def test_a_method_without_base_credentials_takes_no_source(parent: Any) -> None:
    class Independent(CustomRefreshableSession):
        _takes_source = False

    with pytest.raises(EvercredsConfigurationError, match="takes no source") as caught:
        Independent(dict, source=parent)
    assert caught.value.param == "source"


@pytest.mark.parametrize("wrong", ["parent", 7, botocore.session.Session(), RefreshableSession])
def test_the_source_must_be_a_session_of_evercreds(sts_session: SessionMaker, wrong: Any) -> None:
    with pytest.raises(EvercredsValidationError, match="source must be") as caught:
        sts_session(source=wrong)
    assert caught.value.param == "source"


@pytest.mark.parametrize(
    "other",
    [
        {"profile_name": "mine"},
        {"botocore_session": botocore.session.Session()},
        {"aws_access_key_id": "AKIA", "aws_secret_access_key": "secret-of-mine"},
        {"sts_client_kwargs": {"aws_access_key_id": "AKIA", "aws_secret_access_key": "secret"}},
    ],
)
def test_other_base_credentials_are_refused(
    sts_session: SessionMaker, parent: Any, other: dict[str, Any]
) -> None:
    name = next(iter(other.get("sts_client_kwargs", other)))
    with pytest.raises(EvercredsConfigurationError) as caught:
        sts_session(source=parent, **other)
    assert caught.value.param == f"source/{name}"
    assert "source" in caught.value.message
    assert name in caught.value.message
    assert "secret" not in str(caught.value)


def test_an_error_of_the_parent_reaches_callers_of_the_child(
    sts_session: SessionMaker, stand_in: StandIn, role: str, parent: Any, parent_role: str
) -> None:
    stand_in.fault("access_denied", role=parent_role)
    child = sts_session(source=parent)
    credentials = child.get_credentials()
    outcomes = in_threads(50, credentials.get_frozen_credentials)
    assert all(isinstance(each, ClientError) for each in outcomes)
    assert child.status().last_error_class == "permanent"
    assert stand_in.calls(parent_role)["attempts"] == 1
    assert stand_in.calls(role)["attempts"] == 0


def test_an_error_of_the_users_own_class_arrives_as_it_is(sts_session: SessionMaker) -> None:
    class LoginNeeded(EvercredsCredentialError):
        pass

    def give() -> dict[str, Any]:
        raise LoginNeeded(code="login")

    parent = RefreshableSession(method="custom", custom_credentials_method=give)
    with pytest.raises(LoginNeeded):
        sts_session(source=parent).refresh()
    parent.close()


def test_an_outage_of_the_parents_source_passes(
    sts_session: SessionMaker, stand_in: StandIn, parent: Any, parent_role: str
) -> None:
    stand_in.fault("http", role=parent_role)
    child = sts_session(source=parent)
    with pytest.raises(ClientError):
        child.refresh()
    assert child.status().last_error_class == "recoverable"
    stand_in.clear_faults()
    until(lambda: isinstance(_outcome(child.refresh), type(None)))


def _outcome(call: Callable[[], object]) -> object:
    try:
        return call()
    except Exception as error:
        return error


def test_while_the_parent_is_down_the_child_goes_on(
    sts_session: SessionMaker, stand_in: StandIn, parent: Any, parent_role: str
) -> None:
    child = sts_session(source=parent)
    held = child.credentials
    stand_in.fault("http", role=parent_role)
    parent.invalidate()
    with pytest.raises(ClientError):
        child.refresh()
    assert child.credentials == held


def test_a_closed_parent_is_a_clear_error(sts_session: SessionMaker, parent: Any) -> None:
    child = sts_session(source=parent)
    held = child.credentials
    parent.close()
    assert child.credentials == held
    with pytest.raises(EvercredsCredentialError) as caught:
        child.refresh()
    assert "the source of this one" in str(caught.value)
    assert (caught.value.code, caught.value.param) == ("closed", "source")
    assert child.status().last_error_class == "permanent"
    assert not child.status().closed
    with pytest.raises(EvercredsConfigurationError, match="closed"):
        sts_session(source=parent)


def test_a_rejected_parent_refreshes_and_the_call_goes_again(
    sts_session: SessionMaker, stand_in: StandIn, role: str, parent: Any, parent_role: str
) -> None:
    child = sts_session(source=parent)
    child.refresh()
    stand_in.control("POST", "revoke", access_key_id=parent.credentials["access_key"])
    child.refresh()
    assert stand_in.calls(parent_role)["successes"] == 2
    assert stand_in.calls(role)["successes"] == 2
    assert parent.status().counters["rejections"] == 1
    assert child.status().counters["failures"] == 0
    assert child.status().counters["rejections"] == 0


def test_a_grandparent_hears_of_its_own_set_alone(
    sts_session: SessionMaker, stand_in: StandIn, role: str, parent: Any
) -> None:
    middle = sts_session(source=parent, assume_role_kwargs={"RoleArn": f"{role[:60]}-middle"})
    child = sts_session(source=middle)
    s3 = child.client("s3", endpoint_url=stand_in.endpoint)
    s3.list_buckets()
    for session in (parent, middle, child):
        stand_in.control("POST", "revoke", access_key_id=session.credentials["access_key"])
    assert s3.list_buckets()["Buckets"]
    counters = [each.status().counters for each in (parent, middle, child)]
    assert [each["rejections"] for each in counters] == [1, 1, 1]
    assert [each["installs"] for each in counters] == [2, 2, 2]


def test_a_parents_new_set_sends_no_code_again(
    sts_session: SessionMaker, stand_in: StandIn, role: str, parent: Any, parent_role: str
) -> None:
    """The parent is told; the child's next refresh has a code of its own."""
    codes = iter(["111111", "222222", "333333"])
    config = {"RoleArn": role, "SerialNumber": "arn:aws:iam::123456789012:mfa/me"}
    child = sts_session(
        source=parent, assume_role_kwargs=config, mfa_token_provider=lambda: next(codes)
    )
    child.refresh()
    stand_in.control("POST", "revoke", access_key_id=parent.credentials["access_key"])
    attempts = stand_in.calls(role)["attempts"]
    with pytest.raises(ClientError, match="ExpiredToken"):
        child.refresh()
    assert stand_in.calls(role)["attempts"] == attempts + 1, "the code was sent again"
    assert parent.status().counters["rejections"] == 1
    until(lambda: parent.status().counters["installs"] == 2)  # fetched for the next call
    child.refresh()
    assert next(codes, None) is None
    assert stand_in.calls(parent_role)["successes"] == 2


def test_the_parent_is_asked_before_a_code_is(
    sts_session: SessionMaker, stand_in: StandIn, role: str, parent: Any, parent_role: str
) -> None:
    asked: list[str] = []
    config = {"RoleArn": role, "SerialNumber": "arn:aws:iam::123456789012:mfa/me"}
    child = sts_session(
        source=parent,
        assume_role_kwargs=config,
        mfa_token_provider=lambda: asked.append("a code") or "111111",
    )
    stand_in.fault("access_denied", role=parent_role)
    with pytest.raises(ClientError, match="AccessDenied"):
        child.refresh()
    assert not asked


def test_all_refresh_at_once(
    sts_session: SessionMaker, stand_in: StandIn, parent: Any, parent_role: str, role: str
) -> None:
    """Many threads, each of which refreshes some of parent, child and grandchild: none hangs."""
    middle = sts_session(source=parent, assume_role_kwargs={"RoleArn": f"{role[:60]}-middle"})
    sessions = [parent, middle, sts_session(source=middle)]
    turn = iter(range(10**6))

    def work() -> None:
        at = next(turn)
        for step in range(12):
            session = sessions[(at + step) % 3]
            if step % 3 == 0:
                session.refresh()
            elif step % 3 == 1:
                session.invalidate()
            else:
                assert session.credentials_for(min_ttl=60)

    allowed = {"rejected", "still_rejected"}  # what is invalidated again and again is spaced
    outcomes = in_threads(24, work)
    for outcome in outcomes:
        assert outcome is None or getattr(outcome, "code", None) in allowed, outcome
    assert stand_in.calls(parent_role)["concurrent_max"] == 1
    # 0 where what its parents were given is rejected all the time.
    assert stand_in.calls(role)["concurrent_max"] <= 1


def test_coroutines_wait_for_both(
    sts_session: SessionMaker, stand_in: StandIn, role: str, parent: Any, parent_role: str
) -> None:
    child = sts_session(source=parent)
    # The last of them may come late, where asyncio checks each step of theirs.
    for each in (role, parent_role):
        stand_in.fault("latency", role=each, latency_ms=1500, count=1)

    async def main() -> None:
        waiting = [each.async_credentials() for each in (child, parent) for _ in range(50)]
        await asyncio.gather(*waiting, child.async_refresh(), parent.async_refresh())

    asyncio.run(main())
    assert stand_in.calls(role)["successes"] == 1, "who forces a refresh joins the one under way"
    assert stand_in.calls(parent_role)["successes"] == 1


def test_eager_parents_and_children(
    sts_session: SessionMaker, stand_in: StandIn, role: str, parent_role: str
) -> None:
    stand_in.lifetime(role, 8)  # which is more than a busy machine takes to bring a set
    parent = sts_session(assume_role_kwargs={"RoleArn": parent_role}, defer_refresh=False)
    child = sts_session(source=parent, defer_refresh=False)
    assert child.status().phase == "fresh"
    until(lambda: child.status().counters["installs"] >= 3, seconds=60)
    assert child.status().counters["failures"] == 0
    assert stand_in.calls(parent_role)["successes"] == 1


def test_a_parent_that_uses_its_child_is_told_so(sts_session: SessionMaker) -> None:
    """Neither waits for the other for ever."""

    def give() -> dict[str, Any]:
        return dict(child.credentials)

    parent = RefreshableSession(method="custom", custom_credentials_method=give)
    child = sts_session(source=parent)
    for session in (parent, child):
        with pytest.raises(EvercredsConfigurationError) as caught:
            session.refresh()
        assert caught.value.code == "reentrant"
    parent.close()


@pytest.mark.parametrize("fetching", ["parent", "child"])
def test_a_fork_while_one_of_them_refreshes(
    sts_session: SessionMaker,
    stand_in: StandIn,
    role: str,
    parent: Any,
    parent_role: str,
    fetching: str,
) -> None:
    slow = parent_role if fetching == "parent" else role
    stand_in.fault("latency", role=slow, latency_ms=1500, count=1)
    child = sts_session(source=parent)
    thread = threading.Thread(target=child.refresh, daemon=True)
    thread.start()
    until(lambda: stand_in.calls(slow)["attempts"] == 1)

    def work() -> None:
        child.refresh()
        assert child.client("s3", endpoint_url=stand_in.endpoint).list_buckets()["Buckets"]
        parent.refresh()
        child.refresh()

    assert ended_well(in_child(work))
    thread.join(60)
    assert child.status().counters["installs"] == 1


def test_the_child_keeps_its_parent_alive(
    sts_session: SessionMaker, stand_in: StandIn, base_keys: None
) -> None:
    """Nobody else holds it, and it goes on refreshing for the child."""
    child = sts_session(source=custom(stand_in))
    child.refresh()
    gc.collect()
    child._host.loop.source._base._parent._host.invalidate()
    child.refresh()
    assert child.status().counters["installs"] == 2
