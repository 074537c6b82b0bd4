"""The function: its session is made once, outside the handler."""

import json
import os

from botocore.config import Config
from evercreds import RefreshableSession

# Outside the handler: all calls of one environment share the session and its credentials.
session = RefreshableSession(
    assume_role_kwargs={"RoleArn": os.environ["ROLE_ARN"]},
    # seconds; less than the function's own time-out
    refresh_timeout=8,
    sts_client_kwargs={
        "config": Config(
            connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2}
        )
    },
)


def handler(event: dict[str, object], context: object) -> dict[str, object]:
    """List the buckets of the role's account."""
    names = [each["Name"] for each in session.client("s3").list_buckets()["Buckets"]]
    return {"statusCode": 200, "body": json.dumps(names)}
