"""What fresh credentials cost a caller: a session's beside botocore's own and a static set."""

from __future__ import annotations

import datetime
import time

from botocore.credentials import Credentials, RefreshableCredentials
from evercreds import RefreshableSession
from rounds import fewer, interleave, per_call, tell_versions

ROUNDS = fewer(31, 2)
CALLS = fewer(20_000, 200)


def fetch() -> dict[str, str]:
    expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    keys = dict.fromkeys(("access_key", "secret_key", "token"), "A")
    return keys | {"expiry_time": expiry.isoformat()}


def main() -> None:
    tell_versions("boto3", "botocore")
    session = RefreshableSession(
        method="custom", custom_credentials_method=fetch, region_name="us-east-1"
    )
    peer = RefreshableCredentials.create_from_metadata(fetch(), fetch, "custom")
    kept = {"A": 1}
    contenders = {
        "evercreds": session.get_credentials().get_frozen_credentials,
        "botocore RefreshableCredentials": peer.get_frozen_credentials,
        "botocore Credentials, static": Credentials("A", "B", "C").get_frozen_credentials,
        "floor: time.time()": time.time,
        "floor: a dict look-up": lambda: kept["A"],
    }
    interleave(
        "python-hot", "ns", ROUNDS, {n: per_call(c, CALLS, "ns") for n, c in contenders.items()}
    )
    session.close()


if __name__ == "__main__":
    main()
