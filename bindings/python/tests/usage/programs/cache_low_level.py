"""Keeps clients and resources in caches of its own, by either policy."""

import boto3
from boto3_client_cache import ClientCache, ClientCacheKey, ResourceCache, ResourceCacheKey

request = {"service_name": "s3", "region_name": "us-west-2"}

recent = ClientCache(max_size=30)
key = ClientCacheKey(**request)
recent[key] = boto3.client(**request)
print("client", recent[key].meta.region_name, len(recent), recent.max_size)

frequent = ClientCache("LFU", max_size=30)
frequent[key] = boto3.client(**request)
print("frequent", frequent[key] is frequent.get(key), type(frequent).__name__)

resources = ResourceCache(max_size=30)
resource_key = ResourceCacheKey(**request)
resources[resource_key] = boto3.resource(**request)
print("resource", resources[resource_key].meta.service_name)

by_use = ResourceCache("LFU", max_size=30)
by_use[resource_key] = resources[resource_key]
print("the same", by_use[resource_key] is resources[resource_key])

small = ClientCache(max_size=2)
for region in ("us-east-1", "us-east-2", "us-west-1"):
    small[ClientCacheKey("s3", region_name=region)] = boto3.client("s3", region_name=region)
print("oldest gone", ClientCacheKey("s3", region_name="us-east-1") in small, len(small))
print("regions", [each.meta.region_name for each in small.values()])
print("popped", small.popitem()[1].meta.region_name, len(small))
