"""Catches what goes wrong by the package's own classes, and reads what they keep."""

import os

from boto3_refresh_session import RefreshableSession
from boto3_refresh_session.exceptions import (
    BRSCredentialError,
    BRSError,
    BRSValidationError,
)

try:
    RefreshableSession(method="ecs")
except BRSError as error:
    print("method", error.param, error.value, isinstance(error, BRSValidationError))

try:
    RefreshableSession(assume_role_kwargs=os.environ["ROLE_ARN"])
except BRSValidationError as error:
    print("type", error.param)

try:
    RefreshableSession(assume_role_kwargs={"RoleArn": "too-short"})
except BRSValidationError as error:
    print("arn", "RoleArn" in str(error))


def forgetful():
    return {"access_key": "ASIAX", "secret_key": "secret"}


session = RefreshableSession(method="custom", custom_credentials_method=forgetful)
try:
    session.refreshable_credentials()
except BRSCredentialError as error:
    print("missing", error.details["missing"])

try:
    RefreshableSession(method="custom", custom_credentials_method="no function")
except BRSValidationError as error:
    print("callable", "custom_credentials_method" in str(error))

try:
    RefreshableSession(assume_role_kwargs={"RoleArn": os.environ["ROLE_ARN"]}, colour="blue")
except TypeError as error:
    print("unknown", "colour" in str(error))
