# moto imported after a first session of the process: new sessions are mocked all the same.
# title: moto, imported late
# framework: moto
# sets: 0
import os

os.environ.pop("AWS_ENDPOINT_URL")

from evercreds import RefreshableSession

ROLE = "arn:aws:iam::123456789012:role/app"
# A first session, as an application makes at import, with a client.
RefreshableSession(assume_role_kwargs={"RoleArn": ROLE}, region_name="us-east-1").client("s3")

import moto  # noqa: E402

with moto.mock_aws():
    session = RefreshableSession(assume_role_kwargs={"RoleArn": ROLE}, region_name="us-east-1")
    s3 = session.client("s3")
    s3.create_bucket(Bucket="late")
    assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == ["late"]
    first = session.credentials["access_key"]
    session.refresh()
    assert session.credentials["access_key"] != first
