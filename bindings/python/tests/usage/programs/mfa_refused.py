"""Does with one-time codes what cannot be done."""

import os

from boto3_refresh_session import (
    AssumeRoleConfig,
    BRSConfigurationError,
    BRSValidationError,
    BRSWarning,
    RefreshableSession,
)

import warnings  # isort: skip

role, serial = os.environ["ROLE_ARN"], os.environ["MFA_SERIAL"]

for code in ("12345", "1234567", "12345a", 123456):
    try:
        AssumeRoleConfig(RoleArn=role, SerialNumber=serial, TokenCode=code)
    except BRSValidationError as error:
        print("code", "TokenCode" in str(error))

for option in ("stdout", "stderr", "shell", "executable", "preexec_fn"):
    try:
        session = RefreshableSession(
            assume_role_kwargs=AssumeRoleConfig(RoleArn=role, SerialNumber=serial),
            mfa_token_provider=["true"],
            mfa_token_provider_kwargs={option: 1},
        )
        session.refreshable_credentials()
    except BRSConfigurationError as error:
        print("blocked", option, option in str(error))

try:
    RefreshableSession(
        assume_role_kwargs=AssumeRoleConfig(RoleArn=role),
        mfa_token_provider=["true"],
    )
except BRSConfigurationError as error:
    print("without", error.param)

try:
    RefreshableSession(assume_role_kwargs=AssumeRoleConfig(RoleArn=role, SerialNumber=serial))
except BRSConfigurationError as error:
    print("alone", error.param)

with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    RefreshableSession(
        assume_role_kwargs=AssumeRoleConfig(RoleArn=role, SerialNumber=serial, TokenCode="123456"),
        mfa_token_provider=["true"],
    )
print(
    "warned",
    [each.category.__name__ for each in seen if issubclass(each.category, BRSWarning)] != [],
)
