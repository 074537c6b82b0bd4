"""What sessions weigh, and how long they take to make: a session's beside its predecessor's.

Each contender runs in a process of its own, with the interpreter of its own environment. The
predecessor is given fewer sessions, for a thousand of its take 8 GiB; look at the ratio.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import resource
import subprocess
import sys
import time
from typing import Any

PACKAGES = {"evercreds": 1000, "boto3_refresh_session": 50}
KINDS = ("sts session", "and an s3 client")
ROLE = {"RoleArn": "arn:aws:iam::123456789012:role/reader"}
KIB = 1 if sys.platform.startswith("linux") else 1024  # of ru_maxrss


def weigh(package: str, kind: str, count: int) -> None:
    """Make so many sessions, after a few for what they share, and print what one has cost."""
    factory = importlib.import_module(package).RefreshableSession

    def make() -> Any:
        session = factory(assume_role_kwargs=dict(ROLE), region_name="us-east-1")
        return session, session.client("s3") if kind == KINDS[1] else None

    kept = [make() for _ in range(3)]
    gc.collect()
    before, begun = peak_kib(), time.perf_counter()
    kept += [make() for _ in range(count)]
    took_s = time.perf_counter() - begun
    print(json.dumps({"kib": (peak_kib() - before) / count, "ms": 1000 * took_s / count}))


def peak_kib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB


def measured(python: str, package: str, kind: str) -> dict[str, float]:
    """Weigh in another process, of which nothing of this one's environment is seen."""
    keys = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
    keys |= {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull}
    others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    command = [python, __file__, "--weigh", package, kind, str(PACKAGES[package])]
    done = subprocess.run(command, env=others | keys, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", help="the Python of the predecessor's environment")
    parser.add_argument("--weigh", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.weigh:
        weigh(given.weigh[0], given.weigh[1], int(given.weigh[2]))
        return
    pythons = {"evercreds": sys.executable, "boto3_refresh_session": given.peer}
    for kind in KINDS:
        ours: dict[str, float] = {}
        for package, python in pythons.items():
            if python is None:
                continue
            result = measured(python, package, kind)
            ours = ours or result
            kib, ms = result["kib"], result["ms"]
            print(
                f"{package:22} {kind:17} {kib:8.0f} KiB  x {kib / ours['kib']:.1f}"
                f"  {ms:7.1f} ms  x {ms / ours['ms']:.1f}"
            )


if __name__ == "__main__":
    main()
