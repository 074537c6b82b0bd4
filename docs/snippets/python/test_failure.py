"""What your program does when there are no credentials: the source fails, and nobody waits."""

import pytest
from evercreds import RefreshableSession


def failing() -> dict[str, str]:
    raise PermissionError("not today")


def test_my_program_without_credentials() -> None:
    session = RefreshableSession(
        method="custom",
        custom_credentials_method=failing,
        region_name="us-east-1",
        max_wait=0,  # seconds: no call waits for the next attempt
    )
    with pytest.raises(PermissionError, match="not today"):
        session.client("s3").list_buckets()
