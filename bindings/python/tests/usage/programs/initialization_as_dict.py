"""Gives the role as a dict, and leaves the name of its session to the package."""

import os

from boto3_refresh_session import RefreshableSession

session = RefreshableSession(
    assume_role_kwargs={"RoleArn": os.environ["ROLE_ARN"], "DurationSeconds": 1800},
    sts_client_kwargs={"region_name": "us-east-1"},
)
print("buckets", len(session.client("s3").list_buckets()["Buckets"]))
# Not by a client of STS: the cache of the session may have one already.
print("method", session.refresh_method)
