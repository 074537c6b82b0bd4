# moto's mock_aws around all of it: sessions, roles and S3 are moto's, and nothing leaves the
# process.
# title: moto, imported first
# framework: moto
# sets: 0
import os

import moto

for name in ("AWS_ENDPOINT_URL",):
    os.environ.pop(name)

from evercreds import RefreshableSession  # noqa: E402

ROLE = "arn:aws:iam::123456789012:role/app"

with moto.mock_aws():
    session = RefreshableSession(assume_role_kwargs={"RoleArn": ROLE}, region_name="us-east-1")
    assert session.whoami()["Arn"].endswith(":assumed-role/app/evercreds")
    s3 = session.client("s3")
    s3.create_bucket(Bucket="mine")
    first = session.credentials["access_key"]
    session.refresh()
    assert session.credentials["access_key"] != first
    assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == ["mine"]
