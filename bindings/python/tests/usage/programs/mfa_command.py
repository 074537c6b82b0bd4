"""Names the command of a token generator, as a list of its parts and as one text."""

import os
import shlex
import sys

from boto3_refresh_session import AssumeRoleConfig, RefreshableSession


def session_with(command):
    return RefreshableSession(
        assume_role_kwargs=AssumeRoleConfig(
            RoleArn=os.environ["ROLE_ARN"],
            RoleSessionName="by-command",
            SerialNumber=os.environ["MFA_SERIAL"],
        ),
        mfa_token_provider=command,
        mfa_token_provider_kwargs={"timeout": 20},
    )


parts = [sys.executable, os.environ["GENERATOR"]]
for name, command in (("list", parts), ("text", shlex.join(parts))):
    s3 = session_with(command).client("s3")
    print(name, "buckets", len(s3.list_buckets()["Buckets"]))
