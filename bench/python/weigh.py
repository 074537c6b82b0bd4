"""What STS sessions weigh, and how long they take to make. Prints the figures of one process.

Arguments: the package, `session` or `client` (with an S3 client each), how many.
"""

from __future__ import annotations

import gc
import importlib
import json
import resource
import sys
import time
from typing import Any

KIB = 1 if sys.platform.startswith("linux") else 1024  # of ru_maxrss
ROLE = {"RoleArn": "arn:aws:iam::123456789012:role/reader"}


def main(package: str, kind: str, count: str) -> None:
    factory = importlib.import_module(package).RefreshableSession

    def make() -> Any:
        session = factory(assume_role_kwargs=dict(ROLE), region_name="us-east-1")
        return session, session.client("s3") if kind == "client" else None

    kept = [make() for _ in range(3)]  # for what they share
    gc.collect()
    before, begun = peak_kib(), time.process_time()
    kept += [make() for _ in range(int(count))]
    took_s = time.process_time() - begun
    weight = (peak_kib() - before) / int(count)
    print(json.dumps({"KiB": weight, "ms": 1000 * took_s / int(count)}))


def peak_kib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB


if __name__ == "__main__":
    main(*sys.argv[1:])
