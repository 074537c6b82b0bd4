"""Gets the same clients again, by the session and by their keys."""

import os

from boto3_client_cache import ClientCacheKey, ResourceCacheKey
from boto3_refresh_session import AssumeRoleConfig, RefreshableSession

session = RefreshableSession(assume_role_kwargs=AssumeRoleConfig(RoleArn=os.environ["ROLE_ARN"]))

client = session.client("s3", region_name="us-east-1")
print("client", session.client("s3", region_name="us-east-1") is client)
print("another", session.client("s3", region_name="eu-west-1") is client)

resource = session.resource("s3", region_name="us-east-1", eviction_policy="LFU", max_size=25)
again = session.resource("s3", region_name="us-east-1", eviction_policy="LFU")
print("resource", again is resource, session.cache.resource["LFU"].max_size)

key = ClientCacheKey("s3", region_name="us-east-1")
print("by key", session.cache.client["LRU"].get(key) is client, key in session.cache.client["LRU"])
key = ResourceCacheKey("s3", region_name="us-east-1")
print("by key", session.cache.resource["LFU"].get(key) is resource)
print("not there", session.cache.client["LFU"].get(ClientCacheKey("sqs")))
print("buckets", len(client.list_buckets()["Buckets"]), len(list(resource.buckets.all())))
