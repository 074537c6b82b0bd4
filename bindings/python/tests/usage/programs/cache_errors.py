"""Meets each of the errors that a cache has."""

import boto3
from boto3_client_cache import (
    CacheError,
    ClientCache,
    ClientCacheError,
    ClientCacheExistsError,
    ClientCacheKey,
    ClientCacheNotFoundError,
    ResourceCache,
    ResourceCacheError,
    ResourceCacheKey,
    ResourceCacheNotFoundError,
)

request = {"service_name": "s3", "region_name": "us-west-2"}
cache = ClientCache(max_size=30)
key = ClientCacheKey(**request)
cache[key] = boto3.client(**request)

try:
    cache[key] = boto3.client(**request)
except ClientCacheExistsError as error:
    print("exists", isinstance(error, ClientCacheError), isinstance(error, CacheError))
try:
    cache[ClientCacheKey(service_name="ec2", region_name="us-west-2")]
except ClientCacheNotFoundError as error:
    print("not found", isinstance(error, ClientCacheError))
print("none", cache.get(ClientCacheKey(service_name="ec2", region_name="us-west-2")))
try:
    cache["no key"]
except ClientCacheError:
    print("no key")
try:
    cache[ClientCacheKey("s3")] = "no client"
except ClientCacheError:
    print("no client")
try:
    ClientCache("MRU")
except ClientCacheError:
    print("no policy")
try:
    ResourceCache()[ResourceCacheKey("s3")]
except ResourceCacheNotFoundError as error:
    print("no resource", isinstance(error, ResourceCacheError))
