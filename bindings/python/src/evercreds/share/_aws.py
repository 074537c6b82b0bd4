"""Stores in DynamoDB and S3, which compare and swap. They take a client of boto3's."""

from __future__ import annotations

import contextlib
import email.utils
import time
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from evercreds._library.options import given_as
from evercreds.errors import EvercredsValidationError
from evercreds.share._records import Entry
from evercreds.share._rows import Row
from evercreds.share._swapping import CompareAndSwapStore, Versioned

__all__ = ["DynamoDBStore", "S3Store"]

_STEP_MS = 999  # a reply's Date has whole seconds
_LONGEST = 32768
_NUMBERS = ("number", "turn_ends_ms", "generation", "expiry_ms", "notice_ends_ms")
_TEXTS = ("owner", "fingerprint")
_BYTES = ("entry", "notice")


class _Client:
    """A client of the user's, or one that is made at the first need."""

    def __init__(self, service: str, given: Any) -> None:
        self._service = service
        self._given = given
        self._made: tuple[int, Any] | None = None

    def get(self) -> Any:
        if self._given is not None:
            return self._given
        from evercreds._fork.children import generation

        here = generation()
        made = self._made
        if made is None or made[0] != here:
            import boto3
            from botocore.config import Config

            # A call that takes longer has failed already.
            config = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2})
            session: Any = boto3.session.Session()
            made = self._made = here, session.client(self._service, config=config)
        return made[1]


def _name(param: str, given: object) -> str:
    if not isinstance(given, str) or not given:
        kind = given_as(given) if given else repr(given)
        raise EvercredsValidationError(f"{param} must be a name, got {kind}", param=param)
    return given


class _AWSStore(CompareAndSwapStore):
    call_ms: int = 1000
    poll_ms: int = 500


class DynamoDBStore(_AWSStore):
    """Keeps records in a table of DynamoDB, one item for each key.

    The partition key of the table is ``key``, a string. Switch its time to live on, with the
    attribute ``ttl``. The client needs ``dynamodb:GetItem`` and ``dynamodb:PutItem``.

    Args:
        table: The table's name or ARN.
        client: A client of boto3's for DynamoDB, of other credentials than the session's own.
            Default: one of boto3's default session's kind, made at the first need.
    """

    def __init__(self, table: str, client: Any = None) -> None:
        self._table = _name("table", table)
        self._client = _Client("dynamodb", client)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._table!r})"

    def get(self, key: str) -> Versioned:
        """Read the item. Its fields are its version."""
        reply = self._client.get().get_item(
            TableName=self._table, Key={"key": {"S": key}}, ConsistentRead=True
        )
        return Versioned(None, dict(reply.get("Item") or {}), _date_ms(reply), _STEP_MS)

    def put(self, key: str, content: bytes, version: object, ttl_ms: int) -> bool:
        """Write a record that is given as JSON."""
        return self._write(key, Row.parsed(content), version, ttl_ms)

    def _load(self, key: str) -> tuple[Row, Versioned]:
        found = self.get(key)
        item: Any = found.version
        return _row_of(item), found

    def _save(self, key: str, row: Row, found: Versioned, ttl_ms: int) -> bool:
        return self._write(key, row, found.version, ttl_ms)

    def _write(self, key: str, row: Row, version: Any, ttl_ms: int) -> bool:
        conditions, names, values = [], {}, {}
        for at, name in enumerate((*_NUMBERS, *_TEXTS)):
            names[f"#{at}"] = name
            before = version.get(name)
            if before is None:
                conditions.append(f"attribute_not_exists(#{at})")
            else:
                conditions.append(f"#{at} = :{at}")
                values[f":{at}"] = before
        given: dict[str, Any] = {"ExpressionAttributeValues": values} if values else {}
        item = _item_of(row)
        item["key"] = {"S": key}
        item["ttl"] = {"N": str(int(time.time()) + ttl_ms // 1000 + 1)}
        try:
            self._client.get().put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression=" AND ".join(conditions),
                ExpressionAttributeNames=names,
                **given,
            )
        except ClientError as error:
            if _code_of(error) == "ConditionalCheckFailedException":
                return False
            raise
        return True


class S3Store(_AWSStore):
    """Keeps records as objects in a bucket of S3, with conditional writes.

    The client needs ``s3:GetObject`` and ``s3:PutObject``, and ``s3:ListBucket``, without which S3
    does not tell that an object is not there. Let a lifecycle rule remove old ones.

    Args:
        bucket: The bucket's name.
        prefix: What the names of the objects begin with. Default: ``"evercreds/"``.
        client: A client of boto3's for S3, of other credentials than the session's own. Default:
            one of boto3's default session's kind, made at the first need.
    """

    def __init__(self, bucket: str, prefix: str = "evercreds/", client: Any = None) -> None:
        self._bucket = _name("bucket", bucket)
        self._prefix = prefix
        self._client = _Client("s3", client)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._bucket!r}, {self._prefix!r})"

    def get(self, key: str) -> Versioned:
        """Read the object. Its ETag is its version."""
        try:
            reply = self._client.get().get_object(Bucket=self._bucket, Key=self._name(key))
        except ClientError as error:
            if _code_of(error) != "NoSuchKey":
                raise
            return Versioned(None, None, _date_ms(error.response), _STEP_MS)
        with contextlib.closing(reply["Body"]) as body:
            content = body.read(_LONGEST + 1)
        return Versioned(content, reply["ETag"], _date_ms(reply), _STEP_MS)

    def put(self, key: str, content: bytes, version: object, ttl_ms: int) -> bool:
        """Write the object, if nobody has since."""
        only = {"IfNoneMatch": "*"} if version is None else {"IfMatch": version}
        try:
            self._client.get().put_object(
                Bucket=self._bucket, Key=self._name(key), Body=content, **only
            )
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            if status in (409, 412) or _code_of(error) == "NoSuchKey":  # it was removed
                return False
            raise
        return True

    def _name(self, key: str) -> str:
        return self._prefix + key.replace(":", "-")


def _code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _date_ms(reply: Mapping[str, Any]) -> int:
    """Read a reply's Date; 0: it has none."""
    headers = reply.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        date = email.utils.parsedate_to_datetime(headers.get("date"))
    except (TypeError, ValueError):
        return 0
    return int(date.timestamp()) * 1000


def _row_of(item: Mapping[str, Any]) -> Row:
    """Read an item. It raises nothing of what it finds in there."""
    given: dict[str, Any] = {"format": 1}
    for name in _NUMBERS:
        with contextlib.suppress(KeyError, TypeError, ValueError):
            given[name] = int(item[name]["N"])
    for name in _TEXTS:
        with contextlib.suppress(KeyError, TypeError):
            given[name] = item[name]["S"]
    blobs = {}
    for name in _BYTES:
        with contextlib.suppress(KeyError, TypeError):
            blobs[name] = bytes(item[name]["B"])
    return Row.of_fields(given, blobs.get("entry", b""), blobs.get("notice", b""))


def _item_of(row: Row) -> dict[str, Any]:
    entry = row.entry or Entry(b"", 0, "", 0)
    numbers = {
        "number": row.number,
        "turn_ends_ms": row.turn_ends_ms,
        "generation": entry.generation,
        "expiry_ms": entry.expiry_ms,
        "notice_ends_ms": row.notice_ends_ms,
    }
    item: dict[str, Any] = {name: {"N": str(value)} for name, value in numbers.items()}
    for name, text in (("owner", row.owner), ("fingerprint", entry.fingerprint)):
        if text:
            item[name] = {"S": text}
    for name, content in (("entry", entry.sealed), ("notice", row.notice)):
        if content:
            item[name] = {"B": content}
    return item
