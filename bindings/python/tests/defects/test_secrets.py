"""No secret in a key, a label, a representation, an error or a log record."""

from __future__ import annotations

import gc
import logging
import pickle
import sys
import types
from typing import Any

import pytest
from boto3.resources.base import ServiceResource
from botocore.client import BaseClient
from botocore.config import Config

import evercreds
from conftest import SessionMaker, until
from defects.sources import SENTINEL, custom, good, outcome, session_in_advisory_window
from evercreds.cache import ClientCacheKey, ResourceCacheKey

ROLE = "arn:aws:iam::123456789012:role/reader"
SERIAL = "arn:aws:iam::123456789012:mfa/somebody"

# What holds a client's own credentials, or has nothing to do with the cache.
_NOT_OF_THE_CACHE = (BaseClient, ServiceResource, type, types.ModuleType, types.FunctionType)


def texts_held_by(thing: object) -> set[str]:
    """Collect all the texts that can be reached from this."""
    found: set[str] = set()
    seen: set[int] = set()
    ahead = [thing]
    while ahead:
        at = ahead.pop()
        if id(at) in seen or isinstance(at, _NOT_OF_THE_CACHE):
            continue
        seen.add(id(at))
        if isinstance(at, str):
            found.add(at)
        ahead.extend(gc.get_referents(at))
    return found


def listing_with(**parameters: Any) -> str:
    """Show a cache that has one client of these parameters."""
    session = custom(good)
    session.client("sqs", **parameters)
    shown = session.cache.client.LRU
    listing = f"{shown} {shown!r} {shown.keys()} {shown.items()}"
    assert "sqs" in listing, "the listing tells nothing"
    return listing


KEYS = {
    "aws_access_key_id": f"A{SENTINEL}",
    "aws_secret_access_key": f"S{SENTINEL}",
    "aws_session_token": f"T{SENTINEL}",
}


def texts_and_state_of(key: Any) -> str:
    """Show a key of a cache in every way, and all that it holds."""
    names = [name for kind in type(key).__mro__ for name in getattr(kind, "__slots__", ())]
    state = [getattr(key, name, None) for name in names] + [getattr(key, "__dict__", None)]
    return repr([str(key), repr(key), key.label, key.key, state, pickle.dumps(key)])


@pytest.mark.parametrize("key_of", [ClientCacheKey, ResourceCacheKey])
def test_S1_keys_of_the_cache_hold_no_secret(key_of: Any) -> None:
    """What the cache keeps to know a client by has no secret in it."""
    session = custom(good)
    session.client("sqs", None, None, True, None, None, *KEYS.values())
    session.client("sqs", "eu-west-1", **KEYS)
    held = texts_held_by(session.cache)
    assert any("sqs" in text for text in held)
    assert [text for text in held if SENTINEL in text] == []
    for key in (key_of("s3", **KEYS), key_of("s3", *[None] * 5, *KEYS.values())):
        assert SENTINEL not in texts_and_state_of(key)
    assert key_of("s3", **KEYS) == key_of("s3", **KEYS)
    assert key_of("s3", **KEYS) != key_of("s3", **{**KEYS, "aws_session_token": f"U{SENTINEL}"})


def test_S2_the_password_of_a_proxy_is_not_in_a_label() -> None:
    """The password of a proxy is not in a listing of the cache."""
    config = Config(proxies={"https": f"http://somebody:{SENTINEL}@proxy.example:3128"})
    assert SENTINEL not in listing_with(config=config)
    key = ClientCacheKey("s3", config=config)
    assert SENTINEL not in texts_and_state_of(key)
    assert "proxy.example:3128" in key.label


def test_S3_a_urls_password_is_not_in_a_label() -> None:
    """The password in an endpoint's URL is not in a listing of the cache."""
    url = f"https://somebody:{SENTINEL}@host.example"
    assert SENTINEL not in listing_with(endpoint_url=url)
    key = ClientCacheKey("s3", endpoint_url=url)
    assert SENTINEL not in texts_and_state_of(key)
    assert "host.example" in key.label


def test_S4_configs_do_not_show_secrets() -> None:
    """The representations of the configs show no secret key, ExternalId or TokenCode."""
    configs = (
        evercreds.AssumeRoleConfig(
            RoleArn=ROLE, ExternalId=SENTINEL, SerialNumber=SERIAL, TokenCode="135790"
        ),
        evercreds.STSClientConfig(aws_secret_access_key=SENTINEL, aws_session_token=SENTINEL),
    )
    shown = "".join(f"{config} {config!r}" for config in configs)
    assert ROLE in shown
    assert [secret for secret in (SENTINEL, "135790") if secret in shown] == []


def test_S5_an_error_does_not_print_the_config() -> None:
    """A config that is passed in the wrong place is refused without being shown."""
    parameters = {"RoleArn": ROLE, "ExternalId": SENTINEL}
    # The first parameter is the method; it is easily taken for the role's.
    raised = [
        outcome(lambda given=given: evercreds.RefreshableSession(given))
        for given in (evercreds.AssumeRoleConfig(**parameters), parameters)
    ]
    assert [type(each) for each in raised] == [evercreds.BRSValidationError] * 2
    assert SENTINEL not in "".join(f"{each} {each!r}" for each in raised)


def python(program: str) -> list[str]:
    """Make a command of a program, with a secret as its argument."""
    return [sys.executable, "-c", program, SENTINEL]


def chain_of(error: BaseException | None) -> str:
    """Show an error with all that led to it, as a log does."""
    shown = ""
    while error is not None:
        shown += f"{error} {error!r} "
        hidden = error.__suppress_context__
        error = error.__cause__ or (None if hidden else error.__context__)
    return shown


def with_code_from(command: Any) -> dict[str, Any]:
    return {
        "assume_role_kwargs": {"RoleArn": ROLE, "SerialNumber": SERIAL},
        "mfa_token_provider": command,
    }


@pytest.mark.usefixtures("base_keys")
def test_S6_an_error_does_not_repeat_a_command_or_its_output() -> None:
    """What an MFA command is given, and what it prints, is in no error about it."""
    commands = (
        ["/nowhere/command", SENTINEL],
        python("import sys; print(sys.argv[1]); sys.exit(1)"),
        python("import sys; print(sys.argv[1], file=sys.stderr)"),
    )
    shown = []
    for command in commands:
        raised = outcome(
            evercreds.RefreshableSession(**with_code_from(command)).refreshable_credentials
        )
        assert isinstance(raised, evercreds.BRSConfigurationError)
        shown.append(chain_of(raised))
    assert [SENTINEL in each for each in shown] == [False] * 3


def test_S9_a_log_does_not_repeat_a_code(
    sts_session: SessionMaker, caplog: pytest.LogCaptureFixture
) -> None:
    """A one-time code or seed is in no log record about a refresh that failed."""
    command = python("import sys; print(sys.argv[1], 135790); sys.exit(1)")
    with_mfa = sts_session(**with_code_from(command))

    def later() -> Any:
        return with_mfa.refreshable_credentials()

    with caplog.at_level(logging.INFO):
        session = session_in_advisory_window(later)
        session.refreshable_credentials()
        until(lambda: any(record.levelno == logging.WARNING for record in caplog.records))
    shown = "\n".join(logging.Formatter().format(record) for record in caplog.records)
    assert [secret for secret in (SENTINEL, "135790") if secret in shown] == []
