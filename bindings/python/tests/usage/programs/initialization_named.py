"""Makes a client of a role, in a session with a name of its own."""

import os

from boto3_refresh_session import AssumeRoleConfig, RefreshableSession

nightly = AssumeRoleConfig(RoleArn=os.environ["ROLE_ARN"], RoleSessionName="nightly-report")
reports = RefreshableSession(assume_role_kwargs=nightly)
client = reports.client("s3")
print("client", type(client).__name__)
print("buckets", len(client.list_buckets()["Buckets"]))
print("name", reports.assume_role_kwargs.RoleSessionName)
