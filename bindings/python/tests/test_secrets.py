"""No secret in a representation, an error, a log record or a key."""

from __future__ import annotations

import datetime
import logging
import pickle
from typing import Any

import pytest
from botocore.config import Config

from conftest import SessionMaker, StandIn, all_is_told, until
from evercreds import AssumeRoleConfig, EvercredsError, RefreshableSession, STSClientConfig
from evercreds.cache import CacheError, ClientCacheKey, ResourceCacheKey, Session

SENTINEL = "SentinelValue0123456789"
ROLE = "arn:aws:iam::123456789012:role/reader"


def test_configs_do_not_show_secrets() -> None:
    role = AssumeRoleConfig(
        RoleArn=ROLE, ExternalId=SENTINEL, TokenCode="135790", SerialNumber="arn:aws:iam::1:mfa/x"
    )
    client = STSClientConfig(
        aws_access_key_id=SENTINEL,
        aws_secret_access_key=SENTINEL,
        aws_session_token=SENTINEL,
        endpoint_url=f"https://user:{SENTINEL}@host.example/path",
        config=Config(proxies={"https": f"http://user:{SENTINEL}@proxy.example"}),
    )
    for shown in (repr(role), str(role), f"{role}", repr(client), str(client)):
        assert SENTINEL not in shown
        assert "135790" not in shown
    assert "host.example/path" in repr(client)
    assert pickle.loads(pickle.dumps(role)) == role


def test_a_session_and_its_credentials_do_not_either(
    sts_session: SessionMaker, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="evercreds"):
        session = sts_session()
        credentials = session.get_credentials()
        shown = session.credentials
        frozen = credentials.get_frozen_credentials()
        all_is_told(session)
        texts = [repr(session), repr(credentials), repr(frozen), str(frozen), f"{frozen}"]
        texts += [repr(session.status()), repr(session._host.loop.sets.__dict__), caplog.text]
    for text in texts:
        for secret in (shown["secret_key"], shown["token"]):
            assert secret not in text
    with pytest.raises(TypeError):
        pickle.dumps(credentials)


@pytest.mark.parametrize("fault", ["truncated", "missing_field", "bad_expiration"])
def test_a_torn_reply_is_not_shown(
    sts_session: SessionMaker,
    stand_in: StandIn,
    role: str,
    fault: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    stand_in.fault(fault, role=role)
    session = sts_session()
    with caplog.at_level(logging.INFO):
        with pytest.raises(EvercredsError) as caught:
            session.refresh()
        all_is_told(session)
    told = repr(caught.value) + str(caught.value) + caplog.text
    error: BaseException | None = caught.value
    while error is not None:
        told += repr(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    issued = stand_in.calls(role)["issued"]
    assert "ASIA" not in told
    assert all(each["access_key_id"] not in told for each in issued)


def test_refused_parameters_are_named_and_not_repeated(sts_session: SessionMaker) -> None:
    wrong = {"RoleArn": ROLE, "ExternalId": [SENTINEL], "Policy": SENTINEL * 1000}
    with pytest.raises(EvercredsError, match="ExternalId") as caught:
        sts_session(assume_role_kwargs=wrong)
    assert SENTINEL not in repr(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "arguments",
    [
        {"method": "custom", "custom_credentials_method": SENTINEL},
        {"assume_role_kwargs": SENTINEL},
        {"assume_role_kwargs": {"RoleArn": SENTINEL[:19]}},
        {"assume_role_kwargs": {"RoleArn": ROLE, "TokenCode": SENTINEL}},
        {"assume_role_kwargs": {"RoleArn": ROLE}, "sts_client_kwargs": SENTINEL},
    ],
)
def test_errors_of_arguments_do_not_repeat_them(arguments: dict[str, Any]) -> None:
    with pytest.raises(EvercredsError) as caught:
        RefreshableSession(**arguments)
    assert SENTINEL not in repr(caught.value)


def test_an_error_of_a_provider_is_logged_by_its_type(caplog: pytest.LogCaptureFixture) -> None:
    def provider() -> None:
        raise ValueError(f"the key is {SENTINEL}")

    session = RefreshableSession(method="custom", custom_credentials_method=provider)
    with caplog.at_level(logging.DEBUG):
        with pytest.raises(ValueError, match="the key is"):
            session.refresh()
        until(lambda: "ValueError" in caplog.text)
    assert SENTINEL not in caplog.text


@pytest.mark.parametrize("kind", ["client", "resource"])
def test_caches_and_their_keys_hold_no_secret(kind: str) -> None:
    session = Session(region_name="us-east-1")
    words = {
        "aws_access_key_id": f"A{SENTINEL}",
        "aws_secret_access_key": f"S{SENTINEL}",
        "aws_session_token": f"T{SENTINEL}",
        "endpoint_url": f"https://user:{SENTINEL}@host.example",
        "config": Config(proxies={"https": f"http://user:{SENTINEL}@proxy.example"}),
    }
    for policy in ("LRU", "LFU"):
        made = getattr(session, kind)("s3", **words, eviction_policy=policy)
        cache: Any = session.cache[kind][policy]
        key = {"client": ClientCacheKey, "resource": ResourceCacheKey}[kind]("s3", **words)
        assert cache[key] is made
        texts = [
            str(cache),
            repr(cache),
            repr(cache.keys()),
            repr(cache.items()),
            repr(list(cache)),
        ]
        for each in (key, *cache):
            texts += [str(each), repr(each), each.label, repr(each.key), f"{each}"]
            texts += [repr(pickle.dumps(each)), repr((each._written, each._key))]
        with pytest.raises(CacheError) as caught:
            cache[key] = made
        texts += [str(caught.value), repr(caught.value)]
        cache.clear()
        for call in (cache.__getitem__, cache.pop):
            with pytest.raises(CacheError) as caught:
                call(key)
            texts += [str(caught.value), repr(caught.value)]
        assert [text for text in texts if SENTINEL in text] == []
        assert "proxy.example" in key.label


def test_an_expiry_that_is_wrong_is_not_repeated() -> None:
    reply = {
        "access_key": SENTINEL,
        "secret_key": SENTINEL,
        "token": SENTINEL,
        "expiry_time": datetime.datetime(2030, 1, 1),
    }
    session = RefreshableSession(method="custom", custom_credentials_method=lambda: reply)
    with pytest.raises(EvercredsError) as caught:
        session.refresh()
    assert SENTINEL not in repr(caught.value)
