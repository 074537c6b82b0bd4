"""The program that becomes an executable."""

from evercreds import RefreshableSession
from refreshed import ROLE_ARN, refreshed

session = RefreshableSession(assume_role_kwargs={"RoleArn": ROLE_ARN})
refreshed(session.client("s3").list_buckets)
