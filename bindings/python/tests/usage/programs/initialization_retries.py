"""Tries its calls many times, in a region that is given."""

import os

from boto3_refresh_session import AssumeRoleConfig, RefreshableSession
from botocore.config import Config

patient = Config(retries={"max_attempts": 10})
session = RefreshableSession(
    assume_role_kwargs=AssumeRoleConfig(RoleArn=os.environ["ROLE_ARN"]),
    region_name="us-east-1",
)
s3 = session.client("s3", config=patient)
print("region", session.region_name, s3.meta.region_name)
print("attempts", s3.meta.config.retries["total_max_attempts"])
print("buckets", len(s3.list_buckets()["Buckets"]))
