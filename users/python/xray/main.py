# boto3 calls in X-Ray segments, context_missing=RUNTIME_ERROR; refreshes run in the caller's
# thread with its segment.
# title: AWS X-Ray
# framework: aws-xray-sdk
from aws_xray_sdk.core import patch, xray_recorder
from evercreds import RefreshableSession
from refreshed import ROLE_ARN, refreshed

patch(["botocore"])
xray_recorder.configure(service="users", context_missing="RUNTIME_ERROR", sampling=False)
session = RefreshableSession(assume_role_kwargs={"RoleArn": ROLE_ARN}, refresh_in="caller")
s3 = session.client("s3")


def call() -> None:
    with xray_recorder.in_segment("request"):
        s3.list_buckets()


refreshed(call)
