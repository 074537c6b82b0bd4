"""Lists log groups with credentials that another program has left in a file."""

import json
import os

from boto3_refresh_session import RefreshableSession


def lent_keys(path, account):
    with open(path) as file:
        lent = json.load(file)[account]
    return {
        "access_key": lent["id"],
        "secret_key": lent["secret"],
        "token": lent["token"],
        "expiry_time": lent["until"],
    }


session = RefreshableSession(
    method="custom",
    custom_credentials_method=lent_keys,
    custom_credentials_method_args={"path": os.environ["LENT_KEYS"], "account": "logs"},
)
logs = session.client("logs")
for group in logs.describe_log_groups()["logGroups"]:
    print("group", group["logGroupName"])
