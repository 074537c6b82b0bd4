# Green threads of eventlet share one session and its refreshes.
# framework: eventlet
import eventlet

eventlet.monkey_patch()

from evercreds import RefreshableSession  # noqa: E402
from refreshed import ROLE_ARN, refreshed  # noqa: E402

session = RefreshableSession(assume_role_kwargs={"RoleArn": ROLE_ARN})
s3 = session.client("s3")
pool = eventlet.GreenPool(20)


def together() -> None:
    for reply in pool.imap(lambda _: s3.list_buckets(), range(20)):
        assert len(reply["Buckets"]) == 2


refreshed(together)
