"""Lists the buckets that a role sees."""

import os

from boto3_refresh_session import (
    AssumeRoleConfig,
    RefreshableSession,
)

role = AssumeRoleConfig(RoleArn=os.environ["ROLE_ARN"])
session = RefreshableSession(assume_role_kwargs=role)
buckets = session.client("s3").list_buckets()["Buckets"]
print("buckets", len(buckets))
