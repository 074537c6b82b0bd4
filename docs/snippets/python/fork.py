import os

from evercreds import RefreshableSession

# at import, in the parent: each worker goes on with a session of its own
session = RefreshableSession(
    assume_role_kwargs={"RoleArn": "arn:aws:iam::123456789012:role/web"},
    region_name="us-east-1",
)


def view() -> int:
    s3 = session.client("s3")  # in the worker: a client of the parent's is not for children
    return len(s3.list_buckets()["Buckets"])


view()
pid = os.fork()
if pid == 0:
    view()
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
