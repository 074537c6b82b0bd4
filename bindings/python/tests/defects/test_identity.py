"""Who a session is, and whose credentials sign its calls."""

from __future__ import annotations

import botocore.session
import pytest

import evercreds
from conftest import SessionMaker, StandIn, in_threads
from defects.sources import custom, good, outcome, printed


def kind_of(arn: str) -> str:
    """Tell what an identity is: ``user`` or ``assumed-role``."""
    return arn.split(":")[5].partition("/")[0]


def role_of(arn: str) -> str:
    """Tell the name of the role that was assumed."""
    return arn.split("/")[1]


def test_I1_whoami_tells_the_assumed_role(sts_session: SessionMaker, stand_in: StandIn) -> None:
    """whoami(), get_identity() and client("sts") tell the assumed role."""
    session = sts_session()
    sts = session.client("sts", endpoint_url=stand_in.endpoint)
    told = [session.whoami(), session.get_identity(), sts.get_caller_identity()]
    assert [kind_of(each["Arn"]) for each in told] == ["assumed-role"] * 3


def test_I2_eviction_changes_no_identity(sts_session: SessionMaker, stand_in: StandIn) -> None:
    """client("sts") is the same identity before and after others took its place in the cache."""
    session = sts_session()
    # The client that assumes the role is not among the user's.
    session.refreshable_credentials()
    assert len(session.cache.client.LRU) == 0

    def identity() -> str:
        sts = session.client("sts", endpoint_url=stand_in.endpoint)
        return kind_of(sts.get_caller_identity()["Arn"])

    before = identity()
    session.client("sqs", max_size=1)
    assert [before, identity()] == ["assumed-role"] * 2


def test_I3_a_given_botocore_session_keeps_its_credentials(
    sts_session: SessionMaker, stand_in: StandIn
) -> None:
    """A botocore_session that is passed in keeps its credentials, and signs with them."""
    mine = botocore.session.Session()
    before = mine.get_credentials()
    sts_session(botocore_session=mine)
    sts = mine.create_client("sts", endpoint_url=stand_in.endpoint)
    assert kind_of(sts.get_caller_identity()["Arn"]) == "user"
    assert mine.get_credentials() is before


def test_I4_sessions_on_one_botocore_session_do_not_mix(
    sts_session: SessionMaker, stand_in: StandIn, role: str
) -> None:
    """Two sessions on one botocore session each sign as the role of their own."""
    mine = botocore.session.Session()
    roles = [f"{role[:60]}-{number}" for number in (1, 2)]
    sessions = [
        sts_session(assume_role_kwargs={"RoleArn": each}, botocore_session=mine) for each in roles
    ]
    # The region makes it another client than the one that assumes the role.
    clients = [
        session.client("sts", endpoint_url=stand_in.endpoint, region_name="us-east-1")
        for session in sessions
    ]
    signed = [role_of(client.get_caller_identity()["Arn"]) for client in clients]
    assert signed == [role_of(each) for each in roles]


def test_I5_base_credentials_are_looked_up_for_each_refresh(
    sts_session: SessionMaker, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Base credentials that changed since the session was made sign the next refresh."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret-of-this-key")
    session = sts_session()
    refused = outcome(session.refreshable_credentials)
    assert "SignatureDoesNotMatch" in str(refused)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", stand_in.secret_access_key)
    assert session.refreshable_credentials()["access_key"]


def test_I6_the_account_id_is_there(sts_session: SessionMaker) -> None:
    """The credentials of a role tell its account."""
    frozen = sts_session().get_credentials().get_frozen_credentials()
    assert frozen.account_id == "123456789012"


def test_I8_sessions_are_instances_of_the_factory() -> None:
    """A session is an instance of RefreshableSession, which made it."""
    assert isinstance(custom(good), evercreds.RefreshableSession)


def test_I10_a_provider_may_use_its_own_session(stand_in: StandIn, base_keys: None) -> None:
    """A function that uses a client of its own session gets an answer: it signs as the base."""
    seen: list[str] = []

    def provider() -> dict[str, str]:
        sts = session.client("sts", endpoint_url=stand_in.endpoint)
        seen.append(kind_of(sts.get_caller_identity()["Arn"]))
        return good()

    session = custom(provider)
    in_threads(1, session.refreshable_credentials)
    assert seen == ["user"]


# In a process of its own, since nothing takes a method back.
REGISTRATION = f"""
import evercreds


class Own(evercreds.CustomRefreshableSession, method="own"):
    pass


def provider():
    return {good()!r}


try:
    session = evercreds.RefreshableSession(method="own", custom_credentials_method=provider)
except Exception as error:
    print(type(error).__name__)
else:
    print(type(session).__name__, session.refreshable_credentials()["access_key"])
print("own" in evercreds.RefreshableSession.get_available_methods())
"""


def test_R1_a_registered_method_is_reachable() -> None:
    """A method that a user registers can be given to the factory, which lists it."""
    assert printed(REGISTRATION) == ["Own ASIAFIRST", "True"]
