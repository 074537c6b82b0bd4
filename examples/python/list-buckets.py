"""Lists the S3 buckets that a role may see.

The ambient credentials assume the role; the session keeps its credentials fresh.

    python list-buckets.py arn:aws:iam::123456789012:role/reader
"""

import sys

from evercreds import AssumeRoleConfig, RefreshableSession

with RefreshableSession(assume_role_kwargs=AssumeRoleConfig(RoleArn=sys.argv[1])) as session:
    for bucket in session.client("s3").list_buckets()["Buckets"]:
        print(bucket["Name"])
