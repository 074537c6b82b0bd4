from evercreds import RefreshableSession

team = RefreshableSession(assume_role_kwargs={"RoleArn": "arn:aws:iam::111111111111:role/team"})
job = RefreshableSession(
    source=team, assume_role_kwargs={"RoleArn": "arn:aws:iam::222222222222:role/job"}
)
job.client("s3").list_buckets()
assert ":222222222222:assumed-role/job/" in job.whoami()["Arn"]
