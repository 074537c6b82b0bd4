# s3fs works with an aiobotocore session of ours, and writes and reads for longer than one set
# lives.
# framework: s3fs
# environment: data
# moto: yes
import s3fs
from evercreds import RefreshableSession
from evercreds.aio import aiobotocore_session
from refreshed import ROLE_ARN, refreshed

session = RefreshableSession(assume_role_kwargs={"RoleArn": ROLE_ARN})
files = s3fs.S3FileSystem(session=aiobotocore_session(session))
files.mkdir("s3fs")


def write_and_read() -> None:
    files.pipe("s3fs/file.txt", b"well")
    assert files.cat("s3fs/file.txt") == b"well"


refreshed(write_and_read)
