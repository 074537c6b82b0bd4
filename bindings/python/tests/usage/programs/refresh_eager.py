"""Learns at once that the role is closed, and has its credentials before they are needed."""

import os

from boto3_refresh_session import AssumeRoleConfig, RefreshableSession
from botocore.exceptions import ClientError

role = AssumeRoleConfig(RoleArn=os.environ["ROLE_ARN"])
try:
    RefreshableSession(assume_role_kwargs=role, defer_refresh=False)
except ClientError as error:
    print("refused", error.response["Error"]["Code"])
session = RefreshableSession(assume_role_kwargs=role, defer_refresh=False)
print("ready")
print("buckets", len(session.client("s3").list_buckets()["Buckets"]))
