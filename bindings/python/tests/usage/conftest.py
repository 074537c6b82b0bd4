"""What a program of a user's finds around it."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from conftest import StandIn
from usage.running import run_program

SERIAL = "arn:aws:iam::123456789012:mfa/generator"

# A program that prints a six-digit code, another one each time, after other numbers if it may.
GENERATOR = """\
import sys
import time
if "--single" not in sys.argv:
    print("device 1234567, code 000000 was the last")
print("%06d" % (time.time_ns() // 1000 % 10**6))
"""

Run = Callable[..., list[str]]


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    # All of moto's servers in a process have one memory, that of other tests too.
    reset = urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST")
    urllib.request.urlopen(reset, timeout=10).close()
    yield endpoint
    server.stop()


@pytest.fixture
def run(stand_in: StandIn, role: str, tmp_path: Path) -> Run:
    """Runs a program by its name, on the stand-in, with this test's role.

    Named arguments go into its environment, to which boto3's own settings belong.
    """
    generator = tmp_path / "generator.py"
    generator.write_text(GENERATOR)
    kept = ("PATH", "LD_LIBRARY_PATH", "EVERCREDS_LIBRARY")
    environment = {name: os.environ[name] for name in kept if name in os.environ} | {
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": stand_in.endpoint,
        "AWS_DEFAULT_REGION": stand_in.region,
        "AWS_ACCESS_KEY_ID": stand_in.access_key_id,
        "AWS_SECRET_ACCESS_KEY": stand_in.secret_access_key,
        "AWS_EC2_METADATA_DISABLED": "true",
        "ROLE_ARN": role,
        "MFA_SERIAL": SERIAL,
        "GENERATOR": str(generator),
    }

    def run_it(name: str, **more: str) -> list[str]:
        return run_program(name, environment | more, tmp_path)

    return run_it


@pytest.fixture
def lent_keys(moto: str, tmp_path: Path) -> Path:
    """A file of temporary keys that moto has lent."""
    sts = boto3.client(
        "sts", endpoint_url=moto, aws_access_key_id="AKIABASE", aws_secret_access_key="secret"
    )
    given = sts.assume_role(RoleArn="arn:aws:iam::123456789012:role/lender", RoleSessionName="lent")
    keys = given["Credentials"]
    lent = {
        "id": keys["AccessKeyId"],
        "secret": keys["SecretAccessKey"],
        "token": keys["SessionToken"],
        "until": keys["Expiration"].isoformat(),
    }
    path = tmp_path / "lent.json"
    path.write_text(json.dumps({"logs": lent}))
    return path
