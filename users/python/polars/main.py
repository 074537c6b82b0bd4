# polars asks a credential_provider for each scan; it takes the session's keys and their expiry
# from it.
# title: polars (credential_provider)
# framework: polars
# environment: data
# moto: yes
import io
import os
import time

import polars as pl
from evercreds import RefreshableSession
from refreshed import ROLE_ARN, refreshed

session = RefreshableSession(assume_role_kwargs={"RoleArn": ROLE_ARN})


def provide() -> tuple[dict[str, str], int]:
    """Give polars keys and the second until when it may keep them."""
    held = session.credentials
    keys = {
        "aws_access_key_id": held["access_key"],
        "aws_secret_access_key": held["secret_key"],
        "aws_session_token": held["token"],
    }
    # polars keeps them until then, and knows no windows: it is told to ask each second
    return keys, int(time.time()) + 1


s3 = session.client("s3")
s3.create_bucket(Bucket="polars")
buffer = io.BytesIO()
pl.DataFrame({"n": [1, 2, 3]}).write_parquet(buffer)
s3.put_object(Bucket="polars", Key="table.parquet", Body=buffer.getvalue())
options = {
    "aws_endpoint_url": os.environ["AWS_ENDPOINT_URL"],
    "aws_region": "us-east-1",
    "aws_allow_http": "true",
}


def scan() -> None:
    frame = pl.scan_parquet(
        "s3://polars/table.parquet", storage_options=options, credential_provider=provide
    )
    assert frame.select(pl.col("n").sum()).collect().item() == 6


refreshed(scan)
