"""Reads and writes what the role is assumed with, by either way of access."""

import os

from boto3_refresh_session import (
    AssumeRoleConfig,
    RefreshableSession,
    STSClientConfig,
)

role = AssumeRoleConfig(
    RoleArn=os.environ["ROLE_ARN"],
    RoleSessionName="first-name",
    DurationSeconds=3600,
)
sts = STSClientConfig(region_name="us-east-1", endpoint_url=os.environ["AWS_ENDPOINT_URL"])

role.RoleSessionName = "second-name"
role["DurationSeconds"] = 1200
print("item", role["RoleSessionName"], "attribute", role.DurationSeconds)
print("unset", role.SerialNumber, role.get("SerialNumber"), "SerialNumber" in role)
print("service", sts.service_name, sts["region_name"])

session = RefreshableSession(assume_role_kwargs=role, sts_client_kwargs=sts)
print("held", session.assume_role_kwargs.RoleArn == os.environ["ROLE_ARN"])
print("buckets", len(session.client("s3").list_buckets()["Buckets"]))
