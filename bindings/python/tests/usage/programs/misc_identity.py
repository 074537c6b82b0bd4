"""Tells who it is."""

import os

from boto3_refresh_session import RefreshableSession


def nobody():
    raise RuntimeError("not needed to say who this is")


session = RefreshableSession(
    assume_role_kwargs={"RoleArn": os.environ["ROLE_ARN"], "RoleSessionName": "who"}
)
print("arn", session.whoami()["Arn"])
print("alias", session.get_identity()["Arn"] == session.whoami()["Arn"])
custom = RefreshableSession(method="custom", custom_credentials_method=nobody)
print("custom", custom.whoami()["method"], custom.whoami()["source"])
