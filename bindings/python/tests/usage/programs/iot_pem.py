"""Gets credentials with a certificate and a key in files."""

import os

from boto3_refresh_session import RefreshableSession

session = RefreshableSession(
    method="iot",
    endpoint=os.environ["IOT_ENDPOINT"],
    role_alias=os.environ["ROLE_ALIAS"],
    certificate=os.environ["CERTIFICATE"],
    private_key=os.environ["PRIVATE_KEY"],
    thing_name=os.environ["THING_NAME"],
    duration_seconds=3600,
    region_name="us-east-1",
    ca=os.environ["CA"],  # the server is not one of AWS's
)
print("method", session.refresh_method, session.region_name)
print("buckets", len(session.client("s3").list_buckets()["Buckets"]))
