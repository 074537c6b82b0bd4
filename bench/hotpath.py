"""What fresh credentials cost a caller: a session's beside botocore's own.

The two take turns, so that a machine whose speed drifts treats them alike; look at the ratio.
"""

from __future__ import annotations

import datetime
import statistics
import time

from botocore.credentials import RefreshableCredentials
from evercreds import RefreshableSession

ROUNDS = 21
CALLS = 20_000


def fetch() -> dict[str, str]:
    expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    keys = dict.fromkeys(("access_key", "secret_key", "token"), "A")
    return keys | {"expiry_time": expiry.isoformat()}


def main() -> None:
    session = RefreshableSession(
        method="custom", custom_credentials_method=fetch, region_name="us-east-1"
    )
    peer = RefreshableCredentials.create_from_metadata(fetch(), fetch, "custom")
    contenders = {
        "evercreds": session.get_credentials().get_frozen_credentials,
        "botocore": peer.get_frozen_credentials,
        "time.time": time.time,
    }
    took: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, call in contenders.items():
            begun = time.perf_counter_ns()
            for _ in range(CALLS):
                call()
            took[name].append((time.perf_counter_ns() - begun) / CALLS)
    for name, times in took.items():
        ratio = statistics.median(
            t / ours for t, ours in zip(times, took["evercreds"], strict=True)
        )
        print(f"{name:30} {statistics.median(times):8.1f} ns  x {ratio:.2f}")


if __name__ == "__main__":
    main()
