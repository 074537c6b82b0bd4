"""Uses the cache alone: the helpers of the module, and a session of its own."""

from boto3_client_cache import Session, client, resource, setup_default_session

print("client", client("s3", region_name="us-west-2") is client("s3", region_name="us-west-2"))
print("resource", resource("s3") is resource("s3"))

session = Session(profile_name="reports")
print("session", session.client("s3") is session.client("s3"), session.profile_name)

before = client("s3")
setup_default_session(region_name="eu-west-1")
after = client("s3")
print("default", after is client("s3"), after is before, after.meta.region_name)
print("buckets", len(client("s3", region_name="us-east-1").list_buckets()["Buckets"]))
