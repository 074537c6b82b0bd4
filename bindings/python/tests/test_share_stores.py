"""The stores that come along keep the 24 rules of docs/reference/sharing-stores.md.

They do so on their real engines.
"""

from __future__ import annotations

import collections
import datetime
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import redis
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from conftest import in_threads
from evercreds import RefreshableSession
from evercreds.errors import EvercredsValidationError
from evercreds.share import (
    CompareAndSwapStore,
    DynamoDBStore,
    Entry,
    FileStore,
    Record,
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
def aws() -> Iterator[dict[str, Any]]:
    """Clients of moto's DynamoDB and S3, with a table and a bucket.

    It is the moto of all languages, which has one call at a time: between threads its conditions
    are not atomic, and two sessions won one turn.
    """
    argv = [sys.executable, str(ROOT / "internal" / "motoserver" / "serial.py"), "0"]
    server = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    said = iter(server.stderr)
    address = next(found[0] for line in said if (found := re.search(r"http://127[\d.]+:\d+", line)))
    # it tells of every call, and must not wait for a reader
    reader = threading.Thread(target=collections.deque, args=(said, 0))
    reader.start()
    where = {"endpoint_url": address, "region_name": "eu-west-1", **KEYS}
    clients: dict[str, Any] = {name: boto3.client(name, **where) for name in ("dynamodb", "s3")}
    clients["dynamodb"].create_table(
        TableName="records",
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    region = {"LocationConstraint": "eu-west-1"}
    clients["s3"].create_bucket(Bucket="records", CreateBucketConfiguration=region)
    yield clients
    server.kill()
    server.wait()
    reader.join()
    server.stderr.close()


@pytest.fixture
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    if request.param == "file":

        def patient() -> FileStore:
            store = FileStore(tmp_path / "store")
            store.call_ms = 60_000  # a crowd under load is no fault
            return store

        return patient
    if request.param == "redis":
        client = request.getfixturevalue("redis_client")
        return lambda: RedisStore(client)
    if request.param == "memory":
        shelf = Shelf()
        return lambda: MemoryStore(shelf)
    clients = request.getfixturevalue("aws")
    if request.param == "dynamodb":
        return lambda: DynamoDBStore("records", clients["dynamodb"])
    return lambda: S3Store("records", client=clients["s3"])


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


ROLE_NAME = "SentinelRole"
SENTINELS = ["SentinelRole", "SentinelKey", "SentinelSecret", "SentinelToken", "arn:aws", "s3cret"]


@pytest.mark.parametrize("make", ["redis", "dynamodb", "s3", "memory"], indirect=True)
def test_sessions_meet(make: Make) -> None:
    """Three processes ask; one calls the source; no name and no key is in what the store has."""
    calls = []

    def source() -> dict[str, Any]:
        calls.append(1)
        expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
        fields = ("access_key", "secret_key", "token")
        values = ("SentinelKey", "SentinelSecret", "SentinelToken")
        return {**dict(zip(fields, values, strict=True)), "expiry_time": expiry}

    stores = [Recording(make()) for _ in range(3)]
    sessions = [
        RefreshableSession(
            method="custom",
            custom_credentials_method=source,
            share=store,
            share_id=ROLE_NAME,
            share_key=b"s3cret--" * 4,
            share_wait=60,
        )
        for store in stores
    ]
    try:
        asking = iter(sessions)
        given = in_threads(3, lambda: next(asking).credentials["access_key"])
        assert given == ["SentinelKey"] * 3
        assert len(calls) == 1
        written = b"".join(each.seen for each in stores)
        assert len(written) > 500
        assert not [each for each in SENTINELS if each.encode() in written]
    finally:
        for session in sessions:
            session.close()


class Recording:
    """Passes on, and keeps all bytes that go by."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.call_ms = 10_000  # a machine under load is no fault
        self.poll_ms = inner.poll_ms
        self.seen = b""

    def read(self, *given: Any) -> Any:
        return self._passed("read", given)

    def campaign(self, *given: Any) -> Any:
        return self._passed("campaign", given)

    def publish(self, *given: Any) -> Any:
        for each in given:
            self.seen += each.sealed if isinstance(each, Entry) else b""
        return self._passed("publish", given)

    def resign(self, *given: Any) -> Any:
        return self._passed("resign", given)

    def _passed(self, name: str, given: tuple[Any, ...]) -> Any:
        self.seen += repr(given).encode()
        answer = getattr(self._inner, name)(*given)
        self.seen += repr(answer).encode()
        if isinstance(answer, Record) and answer.entry is not None:
            self.seen += answer.entry.sealed
        return answer


def test_what_redis_has_of_them(redis_client: redis.Redis) -> None:
    """No name and no key is in any key or field of the server."""
    found = b""
    for name in redis_client.scan_iter("*"):
        found += name + b"".join(b"".join(pair) for pair in redis_client.hgetall(name).items())
    assert found
    assert not [each for each in SENTINELS if each.encode() in found]


def test_clients_of_asyncio_are_refused() -> None:
    from redis import asyncio

    with pytest.raises(EvercredsValidationError, match="asyncio") as caught:
        RedisStore(asyncio.Redis())
    assert caught.value.param == "client"


class TestObjectsThatGo:
    """A lifecycle rule removes an object; or the bucket was never there."""

    def store(self, call: str, code: str, status: int) -> S3Store:
        client = boto3.client("s3", region_name="eu-west-1", **KEYS)
        stubber = Stubber(client)
        stubber.add_client_error(call, code, http_status_code=status)
        stubber.activate()
        return S3Store("records", client=client)

    def test_between_look_and_writing_it_is_looked_at_again(self) -> None:
        assert self.store("put_object", "NoSuchKey", 404).put("k", b"{}", '"1"', 1) is False

    @pytest.mark.parametrize("call", ["get_object", "put_object"])
    def test_a_bucket_that_is_missing_is_a_failure(self, call: str) -> None:
        store = self.store(call, "NoSuchBucket", 404)
        with pytest.raises(ClientError, match="NoSuchBucket"):
            store.get("k") if call == "get_object" else store.put("k", b"{}", '"1"', 1)


def test_the_user_of_the_guide_may_do_what_a_store_does(redis_client: redis.Redis) -> None:
    guide = (ROOT / "docs" / "guides" / "many-machines.md").read_text()
    [line] = re.findall(r"^ACL SETUSER (.+)$", guide, re.MULTILINE)
    given = line.replace(">PASSWORD", ">secret").split()
    redis_client.execute_command("ACL", "SETUSER", *given)  # type: ignore[no-untyped-call]
    port = redis_client.connection_pool.connection_kwargs["port"]
    client = redis.Redis(port=port, username=given[0], password="secret")
    check_store(lambda: RedisStore(client))
    for refused in (client.flushall, lambda: client.get("another"), client.keys):
        with pytest.raises(redis.exceptions.NoPermissionError):
            refused()
    redis_client.execute_command("ACL", "DELUSER", given[0])  # type: ignore[no-untyped-call]
