"""Works on with short-lived credentials, which it has refreshed in time."""

import os
import time

from boto3_refresh_session import AssumeRoleConfig, RefreshableSession

session = RefreshableSession(
    assume_role_kwargs=AssumeRoleConfig(RoleArn=os.environ["ROLE_ARN"]),
    defer_refresh=False,
    advisory_timeout=4,
    mandatory_timeout=2,
)
s3 = session.client("s3")
first = session.credentials["access_key"]
end = time.monotonic() + 60
while session.credentials["access_key"] == first and time.monotonic() < end:
    s3.list_buckets()
    time.sleep(0.05)
print("windows", session.advisory_timeout, session.mandatory_timeout)
print("renewed", session.credentials["access_key"] != first)
