"""Has a function ask a token generator for the code of the moment."""

import os
import subprocess
import sys

from boto3_refresh_session import AssumeRoleConfig, RefreshableSession


def read_code(generator, patience_s):
    shown = subprocess.run(
        generator, capture_output=True, check=False, text=True, timeout=patience_s
    )
    return shown.stdout.strip()


session = RefreshableSession(
    assume_role_kwargs=AssumeRoleConfig(
        RoleArn=os.environ["ROLE_ARN"],
        RoleSessionName="by-function",
        SerialNumber=os.environ["MFA_SERIAL"],
    ),
    mfa_token_provider=read_code,
    mfa_token_provider_kwargs={
        "generator": [sys.executable, os.environ["GENERATOR"], "--single"],
        "patience_s": 20.0,
    },
)
print("buckets", len(session.client("s3").list_buckets()["Buckets"]))
