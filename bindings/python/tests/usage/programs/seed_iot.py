"""Lists buckets as a thing that has nothing but a certificate."""

import os

from boto3_refresh_session import RefreshableSession

session = RefreshableSession(
    method="iot",
    endpoint=os.environ["IOT_ENDPOINT"],
    thing_name=os.environ["THING_NAME"],
    role_alias=os.environ["ROLE_ALIAS"],
    certificate=os.environ["CERTIFICATE"],
    private_key=os.environ["PRIVATE_KEY"],
    ca=os.environ["CA"],  # the server is not one of AWS's
)
print("buckets", len(session.client("s3").list_buckets()["Buckets"]))
