# Twenty greenlets wait for one refresh each time, and the hub goes on with others.
# framework: gevent
# short: yes
from gevent import monkey

monkey.patch_all()

import gevent  # noqa: E402
from evercreds import RefreshableSession  # noqa: E402
from refreshed import ROLE_ARN, refreshed  # noqa: E402

session = RefreshableSession(assume_role_kwargs={"RoleArn": ROLE_ARN})
s3 = session.client("s3")
ticks = 0


def tick() -> None:
    global ticks
    while True:
        gevent.sleep(0.05)
        ticks += 1


def together() -> None:
    calls = [gevent.spawn(s3.list_buckets) for _ in range(20)]
    gevent.joinall(calls, raise_error=True)


ticking = gevent.spawn(tick)
refreshed(together)
assert ticks > 20, f"the hub was kept: {ticks} ticks"
assert session.status().counters["starts"] < 8, session.status()
