"""Learns that the role is closed only when credentials are needed."""

import os

from boto3_refresh_session import AssumeRoleConfig, RefreshableSession
from botocore.exceptions import ClientError

session = RefreshableSession(assume_role_kwargs=AssumeRoleConfig(RoleArn=os.environ["ROLE_ARN"]))
s3 = session.client("s3")
print("ready")
try:
    s3.list_buckets()
except ClientError as error:
    print("refused", error.response["Error"]["Code"])
