from evercreds import RefreshableSession

session = RefreshableSession(
    assume_role_kwargs={"RoleArn": "arn:aws:iam::123456789012:role/job"},
    region_name="us-east-1",
)
s3 = session.client("s3")
s3.list_buckets()  # today, tomorrow, next week

print(session.whoami()["Arn"])  # the assumed role, as STS names it
status = session.status()
print(status.phase, status.remaining)  # "fresh", and the seconds that are left
assert status.phase == "fresh"

session.close()
