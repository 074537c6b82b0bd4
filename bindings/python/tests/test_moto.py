"""An STS of other people's making: moto, from PyPI, as a server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from conftest import until
from evercreds import RefreshableSession

pytestmark = pytest.mark.once

ROLE = "arn:aws:iam::123456789012:role/moto"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    # moto loads a service at its first call, which may outlast what that call gives out.
    keys = {"aws_access_key_id": "AKIABASE", "aws_secret_access_key": "secret"}
    sts = boto3.client("sts", "us-east-1", endpoint_url=f"http://{host}:{port}", **keys)
    sts.assume_role(RoleArn=ROLE, RoleSessionName="first")
    sts.close()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def session(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIABASE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with RefreshableSession(
        assume_role_kwargs={"RoleArn": ROLE, "DurationSeconds": 6},
        sts_client_kwargs={
            "endpoint_url": endpoint,
            # moto honours lifetimes that boto3 would refuse to ask for
            "config": Config(parameter_validation=False),
        },
    ) as made:
        yield made


def test_a_session_is_served_and_refreshed(session: Any, endpoint: str) -> None:
    assert (
        session.whoami()["Arn"]
        == f"{ROLE.replace('iam', 'sts').replace('role', 'assumed-role', 1)}/evercreds"
    )
    s3 = session.client("s3", endpoint_url=endpoint)
    bucket = f"bucket-{threading.get_ident()}"
    s3.create_bucket(Bucket=bucket)
    assert bucket in [each["Name"] for each in s3.list_buckets()["Buckets"]]
    first = session.credentials

    def renewed() -> bool:
        return bool(session.credentials["access_key"] != first["access_key"])

    until(renewed, seconds=60)
    assert session.status().counters["failures"] == 0
    assert session.resource("s3", endpoint_url=endpoint).Bucket(bucket).creation_date
