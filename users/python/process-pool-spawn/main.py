# A session goes as an argument to workers that were started by spawn, which make sessions of
# their own.
# title: ProcessPoolExecutor, spawn
# framework: python
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

from evercreds import RefreshableSession
from refreshed import ROLE_ARN, refreshed


def work(session: RefreshableSession) -> int:
    session.client("s3").list_buckets()
    return os.getpid()


if __name__ == "__main__":
    session = RefreshableSession(assume_role_kwargs={"RoleArn": ROLE_ARN})
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:

        def call() -> None:
            assert os.getpid() not in set(pool.map(work, [session] * 4))

        refreshed(call, sets=4)
