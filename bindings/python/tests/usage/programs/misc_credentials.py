"""Hands its credentials of the moment to another program."""

import datetime
import os

from boto3_refresh_session import RefreshableSession

session = RefreshableSession(assume_role_kwargs={"RoleArn": os.environ["ROLE_ARN"]})
called = session.refreshable_credentials()
read = session.credentials
print("fields", ",".join(sorted(called)))
print("temporary", called["access_key"].startswith("ASIA"), bool(called["token"]))
end = datetime.datetime.fromisoformat(called["expiry_time"])
print("ahead", end > datetime.datetime.now(datetime.timezone.utc), end.tzinfo is not None)
print("same", sorted(called) == sorted(read))
frozen = session.get_credentials().get_frozen_credentials()
print("frozen", frozen.access_key.startswith("ASIA"), frozen.token == session.credentials["token"])
