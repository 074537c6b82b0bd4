# A session goes as an argument to joblib's worker processes (loky), also one whose source is a
# closure, which joblib's own cloudpickle takes.
# title: joblib, loky
# framework: joblib
# environment: data
import os

from evercreds import RefreshableSession
from joblib import Parallel, delayed
from refreshed import ROLE_ARN, refreshed


def work(session: RefreshableSession) -> int:
    session.client("s3").list_buckets()
    return os.getpid()


def key(session: RefreshableSession) -> str:
    return session.credentials["access_key"]


if __name__ == "__main__":
    session = RefreshableSession(assume_role_kwargs={"RoleArn": ROLE_ARN})
    with Parallel(n_jobs=2) as parallel:

        def call() -> None:
            assert os.getpid() not in parallel(delayed(work)(session) for _ in range(4))

        refreshed(call, sets=4)
        given = {"access_key": "A", "secret_key": "S", "token": "T", "expiry_time": "never"}
        closure = RefreshableSession(method="custom", custom_credentials_method=lambda: given)
        assert parallel([delayed(key)(closure)]) == ["A"]
