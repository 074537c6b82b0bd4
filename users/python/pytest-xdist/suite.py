"""The tests that the workers share."""

import pytest
from evercreds import RefreshableSession
from refreshed import ROLE_ARN, refreshed, signed

session = RefreshableSession(assume_role_kwargs={"RoleArn": ROLE_ARN})


@pytest.mark.parametrize("number", range(4))
def test_a_signed_call(number: int) -> None:
    refreshed(lambda: session.client("s3").list_buckets(), sets=2 + number)
    assert session.status().last_error_code is None
    assert signed()["refused"] == 0
