"""The side of boto3 and botocore: their sessions, credentials and hooks."""
