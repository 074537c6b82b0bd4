"""Types a code in by itself, and types the next one in before it is needed."""

import os
import time

from boto3_refresh_session import AssumeRoleConfig, RefreshableSession

role = AssumeRoleConfig(
    RoleArn=os.environ["ROLE_ARN"],
    SerialNumber=os.environ["MFA_SERIAL"],
    TokenCode="135790",
)
session = RefreshableSession(assume_role_kwargs=role)
first = session.credentials["access_key"]
role["TokenCode"] = "246801"
end = time.monotonic() + 60
while session.credentials["access_key"] == first and time.monotonic() < end:
    time.sleep(0.05)
print("renewed", session.credentials["access_key"] != first)
