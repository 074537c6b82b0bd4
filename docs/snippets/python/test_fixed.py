"""No AWS at all: a custom source returns fixed credentials, and Stubber the replies."""

from collections.abc import Iterator

import pytest
from botocore.stub import Stubber
from evercreds import NEVER_EXPIRES, RefreshableSession


def fixed() -> dict[str, object]:
    return {
        "access_key": "testing",
        "secret_key": "testing",
        "token": "testing",
        "expiry_time": NEVER_EXPIRES,
    }


@pytest.fixture
def session() -> Iterator[RefreshableSession]:
    made = RefreshableSession(
        method="custom", custom_credentials_method=fixed, region_name="us-east-1"
    )
    with made:
        yield made


def test_the_names_of_my_buckets(session: RefreshableSession) -> None:
    s3 = session.client("s3")
    with Stubber(s3) as stub:
        stub.add_response("list_buckets", {"Buckets": [{"Name": "mine"}]})
        assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == ["mine"]
