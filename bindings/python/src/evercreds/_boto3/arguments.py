"""The arguments of ``boto3.Session``: checked, and what they say of the base credentials."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import boto3
import botocore.session

from evercreds._boto3.base import BaseCredentials
from evercreds._boto3.chain import base_of
from evercreds._boto3.sessions import derived_session, new_session
from evercreds.errors import EvercredsConfigurationError, EvercredsValidationError

__all__ = ["KEYS", "base_credentials", "check_boto3_arguments", "refuse_beside_source"]

KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_account_id")

_NAMES = tuple(inspect.signature(boto3.Session.__init__).parameters)[1:]


def check_boto3_arguments(arguments: Mapping[str, Any], of: type) -> None:
    """Check the arguments of ``boto3.Session``, which checks none itself.

    Raises:
        TypeError: A name is unknown; it was given to the class ``of``.
        EvercredsValidationError: A value is of the wrong type.
    """
    for name, value in arguments.items():
        if name not in _NAMES:
            raise TypeError(f"{of.__name__}() got an unexpected keyword argument {name!r}")
        if name == "botocore_session":
            kind, wanted = botocore.session.Session, "a botocore.session.Session"
        else:
            kind, wanted = str, "a string"
        if value is not None and not isinstance(value, kind):
            # What was given for a key may be one, whatever its type.
            raise EvercredsValidationError(
                f"{name} must be {wanted}, got {type(value).__name__}", param=name
            )


def base_credentials(arguments: Mapping[str, Any]) -> BaseCredentials:
    """Choose the botocore session with which credentials are got; the user's is not changed."""
    given: botocore.session.Session | None = arguments.get("botocore_session")
    others = {name: arguments.get(name) for name in ("profile_name", "region_name", *KEYS)}
    if given is not None and not any(others.values()):
        return base_of(given, given)
    profile, region = others["profile_name"], others["region_name"]
    if given is None:
        base = new_session(profile)
    else:
        base = derived_session(given)
        if profile is not None:
            base.set_config_variable("profile", profile)
    if region is not None:
        base.set_config_variable("region", region)
    access_key, secret_key, token, account_id = (others[name] for name in KEYS)
    if access_key and secret_key:
        base.set_credentials(access_key, secret_key, token, account_id=account_id)
    elif access_key or secret_key or token or account_id:
        raise EvercredsConfigurationError(
            "aws_access_key_id and aws_secret_access_key must be given together; "
            "aws_session_token and aws_account_id need both",
            param="aws_access_key_id/aws_secret_access_key",
        )
    if given is None or access_key or profile:
        return base_of(base, base)
    return base_of(base, given)


def refuse_beside_source(arguments: Mapping[str, object]) -> None:
    """Refuse other arguments that say what the base credentials are.

    Raises:
        EvercredsConfigurationError: One of them is given.
    """
    for name in ("botocore_session", "profile_name", *KEYS):
        if arguments.get(name):
            raise EvercredsConfigurationError(
                f"source and {name} both say what the base credentials are: give one of them",
                param=f"source/{name}",
            )
