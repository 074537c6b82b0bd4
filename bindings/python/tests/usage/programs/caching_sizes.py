"""Keeps more clients, or fewer, than ten."""

import os

from boto3_client_cache import ClientCacheKey
from boto3_refresh_session import RefreshableSession

session = RefreshableSession(assume_role_kwargs={"RoleArn": os.environ["ROLE_ARN"]})
frequent = session.cache.client.LFU
print("at first", frequent.max_size, len(frequent))
for region in ("us-east-1", "us-east-2", "us-west-1", "us-west-2"):
    session.client("s3", region_name=region, eviction_policy="LFU", max_size=3)
print("kept", len(frequent), frequent.max_size)
print("newest", ClientCacheKey("s3", region_name="us-west-2") in frequent)
for client in frequent.values():
    print("region", client.meta.region_name)
frequent.max_size = 1
print("kept", len(session.cache["client"]["LFU"]))
frequent.clear()
print("kept", len(frequent))
