# context_missing=RUNTIME_ERROR and refreshes in threads of their own: X-Ray leaves those
# untraced, and says nothing.
# title: AWS X-Ray, refreshes in the background
# framework: aws-xray-sdk
from aws_xray_sdk.core import patch, xray_recorder
from evercreds import RefreshableSession
from refreshed import ROLE_ARN, refreshed

patch(["botocore"])
xray_recorder.configure(service="users", context_missing="RUNTIME_ERROR", sampling=False)
session = RefreshableSession(assume_role_kwargs={"RoleArn": ROLE_ARN})
s3 = session.client("s3")


def call() -> None:
    with xray_recorder.in_segment("request"):
        s3.list_buckets()


failed: list[str | None] = []
session.on("failure", lambda event: failed.append(event.error_code))
refreshed(call)
# a machine that is busy for the whole life of a set gets it too late
assert set(failed) <= {"expired_reply"}, failed
