"""What a constructor says of a wrong argument: its name, what is right, and what was given."""

from __future__ import annotations

import traceback
from typing import Any

import pytest
from botocore.config import Config

from conftest import ROLE
from evercreds import AssumeRoleConfig, EvercredsValidationError, RefreshableSession

GIVEN = {"RoleArn": ROLE + "words"}


def made(**more: Any) -> Any:
    return RefreshableSession(**{"assume_role_kwargs": GIVEN, **more})


@pytest.mark.parametrize(
    ("given", "param", "text"),
    [
        ({"RoleSessionName": "x"}, "RoleSessionName", "at least 2 characters, got 1"),
        ({"RoleSessionName": "x" * 65}, "RoleSessionName", "at most 64 characters, got 65"),
        ({"RoleSessionName": "SENTINEL name"}, "RoleSessionName", "only characters that fit"),
        ({"RoleSessionName": 7}, "RoleSessionName", "must be a string, got int"),
        ({"ExternalId": "S"}, "ExternalId", "at least 2 characters, got 1"),
        ({"ExternalId": "SENTINEL!"}, "ExternalId", "only characters that fit"),
        ({"ExternalId": ["SENTINEL"]}, "ExternalId", "must be a string, got list"),
        ({"Policy": ""}, "Policy", "at least 1 characters, got 0"),
        ({"Policy": {"SENTINEL": 1}}, "Policy", "must be a string, got dict"),
        ({"PolicyArns": "arn"}, "PolicyArns", "must be a list, got str"),
        ({"PolicyArns": [{"arn": "SENTINEL"}]}, "PolicyArns", r"\[0\]\.arn must have at least 20"),
        ({"PolicyArns": [{"Arn": "SENTINEL"}]}, "PolicyArns", r"\[0\] must have only arn"),
        ({"Tags": [{"Key": "a"}]}, "Tags", r"\[0\] must have Value"),
        ({"Tags": [{"Key": "", "Value": "b"}]}, "Tags", r"\[0\]\.Key must have at least 1"),
        ({"Tags": [{"Key": "a", "Value": "SENTINEL" * 40}]}, "Tags", "Value must have at most 256"),
        ({"TransitiveTagKeys": [1]}, "TransitiveTagKeys", r"\[0\] must be a string, got int"),
        ({"SourceIdentity": "a b"}, "SourceIdentity", "only characters that fit"),
        ({"DurationSeconds": 899}, "DurationSeconds", "900"),
        ({"DurationSeconds": 43_201}, "DurationSeconds", "43200"),
        ({"DurationSeconds": "SENTINEL"}, "DurationSeconds", "got str"),
        ({"SerialNumber": "short", "TokenCode": "123456"}, "SerialNumber", "at least 9"),
        ({"RoleArn": "arn:aws:iam::1:r"}, "RoleArn", "at least 20 characters"),
    ],
)
@pytest.mark.parametrize("kind", [dict, AssumeRoleConfig])
def test_what_the_call_would_be_refused_for(kind: Any, given: Any, param: str, text: str) -> None:
    with pytest.raises(EvercredsValidationError, match=text) as caught:
        made(assume_role_kwargs=kind(**{**GIVEN, **given}))
    assert caught.value.param == param
    assert "SENTINEL" not in "".join(traceback.format_exception(caught.value))


def test_what_is_right_is_taken() -> None:
    made(
        assume_role_kwargs={
            **GIVEN,
            "RoleSessionName": "a.b@c-d_e=f,g+h",
            "ExternalId": "abc:/@-=,.+_",
            "Policy": '{"Version": "2012-10-17"}',
            "PolicyArns": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}],
            "Tags": [{"Key": "Übung", "Value": ""}],
            "TransitiveTagKeys": ("Übung",),
            "DurationSeconds": 900,
            "SourceIdentity": "me",
        }
    )


def test_who_turns_validation_off_is_not_checked() -> None:
    config = Config(parameter_validation=False)
    made(
        assume_role_kwargs={**GIVEN, "RoleSessionName": "x", "DurationSeconds": 6},
        sts_client_kwargs={"config": config},
    )


@pytest.mark.parametrize(
    ("param", "given", "shown"),
    [
        ("policy", "adaptiv", "got 'adaptiv'"),
        ("stability", "stric", "got 'stric'"),
        ("stability", 7, "got 7"),
        ("advisory_refresh", "back", "got 'back'"),
        ("advisory_timeout", "automatic", "got 'automatic'"),
        ("refresh_in", "callers", "got 'callers'"),
        ("policy", "arn:aws:SENTINEL", "got str"),
        ("max_wait", "SENTINEL", "got str"),
    ],
)
def test_a_choice_shows_what_was_given(param: str, given: Any, shown: str) -> None:
    with pytest.raises(EvercredsValidationError, match=shown) as caught:
        made(**{param: given})
    assert caught.value.param == param
    assert "SENTINEL" not in str(caught.value)
