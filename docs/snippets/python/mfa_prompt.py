from evercreds import RefreshableSession


def ask() -> str:
    return input("Code: ")


session = RefreshableSession(
    assume_role_kwargs={
        "RoleArn": "arn:aws:iam::123456789012:role/admin",
        "SerialNumber": "arn:aws:iam::123456789012:mfa/me",
        "DurationSeconds": 43200,  # as long as the role allows: one code in twelve hours
    },
    mfa_token_provider=ask,
    attended=True,  # a person answers: no refresh starts until a call needs it
)
session.client("s3").list_buckets()
