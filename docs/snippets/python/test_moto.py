"""moto plays STS and the services, and the session runs as it does in production."""

from collections.abc import Iterator

import pytest
from evercreds import RefreshableSession
from moto import mock_aws


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[RefreshableSession]:
    # base credentials, which sign AssumeRole; never your own
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        made = RefreshableSession(
            assume_role_kwargs={"RoleArn": "arn:aws:iam::123456789012:role/app"},
            region_name="us-east-1",
        )
        with made:  # closed before moto ends, so that nothing is fetched from AWS
            yield made


def test_a_refresh_changes_the_keys(session: RefreshableSession) -> None:
    s3 = session.client("s3")
    s3.create_bucket(Bucket="mine")
    before = session.credentials["access_key"]
    session.refresh()
    assert session.credentials["access_key"] != before
    assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == ["mine"]
