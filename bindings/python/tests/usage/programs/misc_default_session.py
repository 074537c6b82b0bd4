"""Makes the session that of the whole program."""

import os

import boto3
from boto3_refresh_session import RefreshableSession

boto3.DEFAULT_SESSION = RefreshableSession(
    assume_role_kwargs={
        "RoleArn": os.environ["ROLE_ARN"],
        "RoleSessionName": "everywhere",
    },
)
print("buckets", len(boto3.client("s3").list_buckets()["Buckets"]))
print("buckets", len(list(boto3.resource("s3").buckets.all())))
