from evercreds import RefreshableSession

session = RefreshableSession(
    assume_role_kwargs={"RoleArn": "arn:aws:iam::123456789012:role/job"},
    region_name="us-east-1",
)

from evercreds import SessionEvent


def told(event: SessionEvent) -> None:
    print(event.kind, event.role, event.error_code, event.aws_error_code)


off = session.on("failure", told)
# ...
off()
session.on("refresh", told)
session.client("s3").list_buckets()
