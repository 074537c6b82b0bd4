"""What was wrong with the caches of the predecessor, by the marks of its list of defects.

These tests use nothing but names that it has too. With ``EVERCREDS_CACHE_TESTED`` and
``EVERCREDS_SESSIONS_TESTED`` naming its packages they run on it, and fail.
"""

from __future__ import annotations

import importlib
import os
import pickle
import subprocess
import sys
from typing import Any

import boto3
import pytest
from botocore.config import Config

from conftest import in_threads

CACHE = os.environ.get("EVERCREDS_CACHE_TESTED", "evercreds.cache")
SESSIONS = os.environ.get("EVERCREDS_SESSIONS_TESTED", "evercreds")
SENTINEL = "SentinelValue0123456789"

cache: Any = importlib.import_module(CACHE)
sessions: Any = importlib.import_module(SESSIONS)


@pytest.fixture
def session() -> Any:
    return cache.Session(aws_access_key_id="AKIA", aws_secret_access_key="secret")


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The services whose clients boto3 is asked to build."""
    built = []
    build = boto3.Session.client

    def counting(self: Any, service_name: str, *args: Any, **kwargs: Any) -> Any:
        built.append(service_name)
        return build(self, service_name, *args, **kwargs)

    monkeypatch.setattr(boto3.Session, "client", counting)
    return built


def test_C1_sixteen_threads_that_ask_for_one_cold_client_all_get_the_one_that_is_built(
    session: Any, builds: list[str]
) -> None:
    clients = in_threads(16, lambda: session.client("dynamodb"))
    assert len({id(client) for client in clients}) == 1
    assert not isinstance(clients[0], Exception)
    assert builds == ["dynamodb"]


@pytest.mark.parametrize("policy", ["LRU", "LFU"])
def test_C2_a_bound_of_zero_gives_the_client_and_keeps_none(session: Any, policy: str) -> None:
    for _ in range(2):
        client = session.client("sts", eviction_policy=policy, max_size=0)
        assert client.meta.service_model.service_name == "sts"
    assert len(session.cache.client[policy]) == 0


def test_C3_defaults_that_are_spelled_out_make_no_other_client(session: Any) -> None:
    for args, kwargs in (
        ((), {"service_name": "sts"}),
        (("sts", None), {}),
        (("sts", None, None, True), {}),
        (("sts",), {"region_name": None, "use_ssl": True, "verify": None, "config": None}),
    ):
        assert session.client(*args, **kwargs) is session.client("sts")
        assert cache.ClientCacheKey(*args, **kwargs) == cache.ClientCacheKey("sts")


def test_C3_positions_and_names_make_no_other_client(session: Any) -> None:
    assert session.client("sts", "eu-west-1") is session.client("sts", region_name="eu-west-1")


def test_C4_a_resource_takes_no_place_among_the_clients(session: Any) -> None:
    session.resource("s3")
    assert len(session.cache.client.LRU) == 0
    assert len(session.cache.resource.LRU) == 1


def test_C5_a_resource_is_not_shared_between_threads(session: Any) -> None:
    mine = session.resource("s3")
    assert session.resource("s3") is mine
    (other,) = in_threads(1, lambda: session.resource("s3"))
    assert other.meta.client is not mine.meta.client
    assert other is not mine


def test_C7_a_cache_takes_its_policy_and_its_bound_by_position() -> None:
    made = cache.ClientCache("LFU", 30)
    assert isinstance(made, cache.LFUClientCache)
    assert made.max_size == 30


def test_C9_an_eviction_by_the_request_itself_does_not_take_what_is_requested(session: Any) -> None:
    first = session.client("sts", region_name="us-east-1")
    session.client("sts", region_name="us-east-2")
    assert session.client("sts", region_name="us-east-1", max_size=1) is first


def test_C10_arguments_are_checked_under_O_too() -> None:
    program = f"""
from {CACHE} import ClientCacheError, Session
for policy in ("FIFO", 7, ["LRU"]):
    try:
        Session().client("s3", eviction_policy=policy)
    except ClientCacheError as error:
        print("Invalid eviction policy" in str(error))
"""
    run = subprocess.run(
        [sys.executable, "-O", "-c", program], capture_output=True, text=True, timeout=60
    )
    assert run.stdout.split() == ["True"] * 3, run.stderr


SECRETS = {
    "aws_access_key_id": f"A{SENTINEL}",
    "aws_secret_access_key": f"S{SENTINEL}",
    "aws_session_token": f"T{SENTINEL}",
}


def texts_and_state_of(key: Any) -> str:
    names = [name for kind in type(key).__mro__ for name in getattr(kind, "__slots__", ())]
    state = [getattr(key, name, None) for name in names] + [getattr(key, "__dict__", None)]
    return repr([str(key), repr(key), key.label, key.key, state, pickle.dumps(key)])


@pytest.mark.parametrize("kind", ["ClientCacheKey", "ResourceCacheKey"])
def test_S1_a_key_holds_no_secret_in_clear_text(kind: str) -> None:
    key_of = getattr(cache, kind)
    by_position = ("s3", None, None, None, None, None, *SECRETS.values())
    for key in (key_of("s3", **SECRETS), key_of(*by_position)):
        assert SENTINEL not in texts_and_state_of(key)
    assert key_of("s3", **SECRETS) == key_of("s3", **SECRETS)
    others = {**SECRETS, "aws_session_token": f"U{SENTINEL}"}
    assert key_of("s3", **SECRETS) != key_of("s3", **others)


def test_S2_the_password_of_a_proxy_is_in_no_text_of_a_key() -> None:
    config = Config(proxies={"https": f"http://user:{SENTINEL}@proxy.example:3128"})
    key = cache.ClientCacheKey("s3", config=config)
    assert SENTINEL not in texts_and_state_of(key)
    assert "proxy.example:3128" in key.label


def test_S3_the_password_of_a_url_is_in_no_text_of_a_key_or_a_cache(session: Any) -> None:
    url = f"https://user:{SENTINEL}@host.example"
    key = cache.ClientCacheKey("s3", endpoint_url=url)
    assert SENTINEL not in texts_and_state_of(key)
    assert "host.example" in key.label
    session.client("s3", endpoint_url=url)
    shown = session.cache.client.LRU
    assert SENTINEL not in f"{shown!r} {shown} {shown.keys()} {shown.items()}"


def test_I2_the_client_of_the_refresh_is_not_among_the_users() -> None:
    session = sessions.RefreshableSession(
        assume_role_kwargs={"RoleArn": "arn:aws:iam::123456789012:role/reader"},
        aws_access_key_id="AKIA",
        aws_secret_access_key="secret",
    )
    assert len(session.cache.client.LRU) == 0
    assert cache.ClientCacheKey("sts") not in session.cache.client.LRU
