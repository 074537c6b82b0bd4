from evercreds import RefreshableSession

session = RefreshableSession(
    assume_role_kwargs={
        "RoleArn": "arn:aws:iam::123456789012:role/admin",
        "SerialNumber": "arn:aws:iam::123456789012:mfa/me",
    },
    mfa_token_provider=["ykman", "oath", "accounts", "code", "--single", "aws"],
)
session.client("s3").list_buckets()
