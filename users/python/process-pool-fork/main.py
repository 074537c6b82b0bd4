# Forked workers of ProcessPoolExecutor get the session as it is, and refresh for themselves.
# title: ProcessPoolExecutor, fork
# framework: python
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

from evercreds import RefreshableSession
from refreshed import ROLE_ARN, refreshed

session = RefreshableSession(assume_role_kwargs={"RoleArn": ROLE_ARN})


def work(_: int) -> int:
    """Make a signed call in a worker."""
    session.client("s3").list_buckets()
    return os.getpid()


if __name__ == "__main__":
    session.client("s3").list_buckets()
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
        refreshed(lambda: list(pool.map(work, range(4))), sets=5)
