from evercreds import RefreshableSession

session = RefreshableSession(
    assume_role_kwargs={"RoleArn": "arn:aws:iam::123456789012:role/job"},
    region_name="us-east-1",
)

seconds = 45 * 60
session.credentials_for(min_ttl=seconds)  # new credentials, if those in use end sooner
url = session.client("s3").generate_presigned_url(
    "get_object", Params={"Bucket": "reports", "Key": "today.pdf"}, ExpiresIn=seconds
)
assert "X-Amz-Expires=2700" in url or "Expires=" in url
