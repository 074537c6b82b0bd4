# A session goes as an argument to the worker processes of a cluster, which make sessions of their
# own.
# title: Dask, a cluster of processes
# framework: distributed
# environment: data
# time: 120s
import os

from distributed import Client, LocalCluster
from evercreds import RefreshableSession
from refreshed import ROLE_ARN, refreshed


def work(session: RefreshableSession, number: int) -> int:
    session.client("s3").list_buckets()
    return os.getpid() + number * 0


if __name__ == "__main__":
    session = RefreshableSession(assume_role_kwargs={"RoleArn": ROLE_ARN})
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):

        def call() -> None:
            pids = client.gather([client.submit(work, session, n, pure=False) for n in range(4)])
            assert os.getpid() not in pids

        refreshed(call, sets=4)
