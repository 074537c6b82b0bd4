"""Chooses a method by its name; without one, it is sts."""

import datetime
import os

from boto3_refresh_session import RefreshableSession


def borrowed():
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    return {
        "access_key": "ASIABORROWED",
        "secret_key": "secret",
        "token": "token",
        "expiry_time": end.isoformat(),
    }


role = {"RoleArn": os.environ["ROLE_ARN"]}
unnamed = RefreshableSession(assume_role_kwargs=role)
named = RefreshableSession(method="sts", assume_role_kwargs=role)
print("same", type(unnamed) is type(named), type(named).__name__)

custom = RefreshableSession(method="custom", custom_credentials_method=borrowed)
print("custom", type(custom).__name__, custom.refreshable_credentials()["access_key"])
print("methods", ",".join(RefreshableSession.get_available_methods()))
