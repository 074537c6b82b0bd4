"""The stores that come along keep the 24 rules of docs/sharing-stores.md, on their real engines."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import redis
from moto.server import ThreadedMotoServer

from evercreds.share import (
    CompareAndSwapStore,
    DynamoDBStore,
    FileStore,
    RedisStore,
    S3Store,
    Store,
    Versioned,
)
from evercreds.share.testing import RULES, BrokenRuleError, Rule, check_store

ROOT = Path(__file__).parents[3]
CASES = ROOT / "share" / "sharetest" / "cases.json"
KEYS = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "secret"}
Make = Callable[[], Store]


@pytest.fixture(scope="module")
def redis_client() -> Iterator[redis.Redis]:
    server = shutil.which("redis-server")
    if server is None:
        pytest.skip("there is no redis-server")
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    given = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(given, stdout=subprocess.DEVNULL)
    try:
        client = redis.Redis(port=port)
        end = time.monotonic() + 60
        while True:
            try:
                client.ping()
                break
            except redis.ConnectionError:
                assert time.monotonic() < end, "redis-server does not start"
                time.sleep(0.05)
        yield client
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def aws() -> Iterator[Callable[[str], Any]]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()

    def client(service: str) -> Any:
        return boto3.client(
            service, endpoint_url=f"http://{host}:{port}", region_name="eu-west-1", **KEYS
        )

    yield client
    server.stop()


@pytest.fixture
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    if request.param == "file":
        return lambda: FileStore(tmp_path / "store")
    if request.param == "redis":
        client = request.getfixturevalue("redis_client")
        return lambda: RedisStore(client)
    if request.param == "memory":
        shelf = Shelf()
        return lambda: MemoryStore(shelf)
    client_of = request.getfixturevalue("aws")
    if request.param == "dynamodb":
        dynamodb = client_of("dynamodb")
        name = f"table-{tmp_path.name}"[:200]
        dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        return lambda: DynamoDBStore(name, dynamodb)
    s3 = client_of("s3")
    where = {"LocationConstraint": "eu-west-1"}
    with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket="records", CreateBucketConfiguration=where)
    return lambda: S3Store("records", f"{tmp_path.name}/", s3)


class Shelf:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.kept: dict[str, tuple[int, bytes]] = {}


class MemoryStore(CompareAndSwapStore):
    """What a user writes for an engine of his own."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def get(self, key: str) -> Versioned:
        version, content = self.shelf.kept.get(key, (None, None))
        return Versioned(content, version)

    def put(self, key: str, content: bytes, version: object, ttl_ms: int) -> bool:
        with self.shelf.lock:
            before = self.shelf.kept.get(key, (None, None))[0]
            if before != version:
                return False
            self.shelf.kept[key] = ((before or 0) + 1, content)
            return True


CHECKS = [
    pytest.param(engine, engine, rule, id=f"{engine}-{rule}")
    for engine in ("file", "redis", "dynamodb", "s3", "memory")
    for rule in RULES
]


@pytest.mark.parametrize(("make", "engine", "rule"), CHECKS, indirect=["make"])
def test_rules(make: Make, engine: str, rule: Rule) -> None:
    # A crowd at the servers of moto takes long.
    rule.check(make, clients=10 if engine in ("dynamodb", "s3") else None)


class Careless(MemoryStore):
    """Does not look at the version."""

    def put(self, key: str, content: bytes, version: object, ttl_ms: int) -> bool:
        time.sleep(0.001)
        self.shelf.kept[key] = (1, content)
        return True


class Forgetful(MemoryStore):
    """Says that it has written, and has not."""

    def put(self, key: str, content: bytes, version: object, ttl_ms: int) -> bool:
        return True


@pytest.mark.parametrize("kind", [Careless, Forgetful])
def test_a_store_that_is_none(kind: type[MemoryStore]) -> None:
    shelf = Shelf()
    with pytest.raises(BrokenRuleError, match="rule"):
        check_store(lambda: kind(shelf))


@pytest.mark.skipif(not CASES.exists(), reason="the cases of all languages are not here")
def test_the_cases_are_those_of_all_languages() -> None:
    cases = json.loads(CASES.read_text())
    assert len(RULES) == len(cases["cases"]) + len(cases["crowds"])
    for rule, each in zip(RULES, [*cases["cases"], *cases["crowds"]], strict=True):
        assert rule._case == each
