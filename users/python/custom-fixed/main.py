# A test without any AWS: a custom source returns fixed credentials, and botocore's Stubber the
# replies.
# title: botocore's Stubber
# framework: botocore
# sets: 0
from botocore.stub import Stubber
from evercreds import NEVER_EXPIRES, RefreshableSession


def fixed() -> dict[str, object]:
    return {
        "access_key": "testing",
        "secret_key": "testing",
        "token": "testing",
        "expiry_time": NEVER_EXPIRES,
    }


session = RefreshableSession(
    method="custom", custom_credentials_method=fixed, region_name="us-east-1"
)
s3 = session.client("s3")
with Stubber(s3) as stub:
    stub.add_response("list_buckets", {"Buckets": [{"Name": "mine"}]}, {})
    assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == ["mine"]
    stub.assert_no_pending_responses()
assert session.status().counters["starts"] == 0, "a stubbed call needs no credentials"
assert session.credentials["access_key"] == "testing"
