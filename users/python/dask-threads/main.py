# Dask's threaded scheduler runs tasks that share a session of the module.
# title: Dask, threads
# framework: dask
# environment: data
import dask
from evercreds import RefreshableSession
from refreshed import ROLE_ARN, refreshed

session = RefreshableSession(assume_role_kwargs={"RoleArn": ROLE_ARN})


@dask.delayed
def buckets() -> int:
    return len(session.client("s3").list_buckets()["Buckets"])


refreshed(lambda: dask.compute(*[buckets() for _ in range(8)], scheduler="threads"))
