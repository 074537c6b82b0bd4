# --8<-- [start:session]
from evercreds import RefreshableSession

session = RefreshableSession(
    assume_role_kwargs={
        "RoleArn": "arn:aws:iam::123456789012:role/admin",
        "SerialNumber": "arn:aws:iam::123456789012:mfa/me",
    },
    mfa_token_provider=["ykman", "oath", "accounts", "code", "--single", "aws"],
)
# --8<-- [end:session]
session.client("s3").list_buckets()
