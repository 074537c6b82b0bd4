import logging

logging.disable()

from botocore.exceptions import ClientError
from evercreds import EvercredsError, RefreshableSession


def refused() -> dict[str, str]:
    raise PermissionError("the vault is sealed")


session = RefreshableSession(
    method="custom",
    custom_credentials_method=refused,
    max_wait=0,  # tell at once
)
try:
    session.client("s3", region_name="us-east-1").list_buckets()
except PermissionError as error:  # the function's own error, as it was raised
    print(error)
except ClientError as error:  # where the source is STS: botocore's, with what to do before its text
    print(error)
except EvercredsError as error:  # all else, such as a time-out of the refresh
    print(error.code)

print(session.status().last_error_code)
