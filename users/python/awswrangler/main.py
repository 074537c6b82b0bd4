# awswrangler takes the session as boto3_session=, and writes and reads Parquet with it.
# framework: awswrangler
# environment: data
# moto: yes
# time: 120s
import awswrangler as wr
import pandas as pd
from evercreds import RefreshableSession
from refreshed import ROLE_ARN, refreshed

session = RefreshableSession(assume_role_kwargs={"RoleArn": ROLE_ARN})
session.client("s3").create_bucket(Bucket="wrangler")
table = pd.DataFrame({"n": [1, 2, 3]})


def write_and_read() -> None:
    path = "s3://wrangler/table.parquet"
    wr.s3.to_parquet(table, path, boto3_session=session)
    assert wr.s3.read_parquet(path, boto3_session=session)["n"].sum() == 6


refreshed(write_and_read)
