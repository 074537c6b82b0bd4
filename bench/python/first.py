"""A process that gets credentials of a role once, and ends. Argument: by which library."""

from __future__ import annotations

import os
import sys

ROLE = {"RoleArn": os.environ["BENCH_ROLE"], "RoleSessionName": "bench"}

if sys.argv[1] == "boto3":
    import boto3

    reply = boto3.Session(region_name="us-east-1").client("sts").assume_role(**ROLE)
    assert reply["Credentials"]["SessionToken"]
else:
    if sys.argv[1] == "evercreds":
        from evercreds import RefreshableSession
    else:
        from boto3_refresh_session import RefreshableSession
    session = RefreshableSession(assume_role_kwargs=ROLE, region_name="us-east-1")
    assert session.get_credentials().get_frozen_credentials().token
