# A handler in an emulated function: AWS_LAMBDA_FUNCTION_NAME is set, refreshes run within calls,
# errors come at once.
# title: AWS Lambda (emulated)
# framework: python
# short: yes
import json
import os

os.environ["AWS_LAMBDA_FUNCTION_NAME"] = "users"
os.environ["AWS_EXECUTION_ENV"] = "AWS_Lambda_python3.12"

import threading

from evercreds import RefreshableSession
from refreshed import ROLE_ARN, refreshed

# outside the handler, so that all calls of one environment share it
session = RefreshableSession(assume_role_kwargs={"RoleArn": ROLE_ARN})


def handler(event: dict[str, object], context: object) -> dict[str, object]:
    names = [each["Name"] for each in session.client("s3").list_buckets()["Buckets"]]
    return {"statusCode": 200, "body": json.dumps(names)}


def invoke() -> None:
    assert handler({}, None)["statusCode"] == 200
    # nothing goes on after the function returned: the environment may be frozen then
    assert not session.status().refreshing
    assert "evercreds-timer" not in [thread.name for thread in threading.enumerate()]


refreshed(invoke)
