"""Rebinds the name of boto3's default session, which leaves boto3 with its own."""

import os

from boto3 import DEFAULT_SESSION, client
from boto3_refresh_session import RefreshableSession

assert DEFAULT_SESSION is None
DEFAULT_SESSION = RefreshableSession(
    assume_role_kwargs={
        "RoleArn": os.environ["ROLE_ARN"],
        "RoleSessionName": "nowhere",
    },
)
s3 = client("s3")
print("buckets", len(s3.list_buckets()["Buckets"]))
