# A hundred threads of a pool share one session: each refresh is one call of AssumeRole.
# title: ThreadPoolExecutor
# framework: python
# short: yes
from concurrent.futures import ThreadPoolExecutor

from evercreds import RefreshableSession
from refreshed import ROLE_ARN, refreshed

session = RefreshableSession(assume_role_kwargs={"RoleArn": ROLE_ARN})
s3 = session.client("s3")
with ThreadPoolExecutor(100) as pool:
    refreshed(lambda: list(pool.map(lambda _: s3.list_buckets(), range(100))))
assert session.status().counters["starts"] < 8, session.status()
