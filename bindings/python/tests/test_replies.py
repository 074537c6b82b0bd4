"""The table of replies that every language is held to."""

from __future__ import annotations

import datetime
import json
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from conftest import StandIn
from evercreds import RefreshableSession
from evercreds._library import abi_generated as abi
from evercreds._sources.custom import NEVER_EXPIRES, CustomSource
from evercreds.errors import EvercredsCredentialError

TABLE = json.loads(
    (pathlib.Path(__file__).parents[3] / "testdata" / "sources" / "replies.json").read_text()
)
ROWS: list[dict[str, Any]] = [row for row in TABLE["rows"] if "python" in row.get("in", ["python"])]
NAMES = {"expiry": "expiry_time", "reply": "must return a dict"}
UTC = datetime.timezone.utc
_ABSENT = object()


def _said(value: Any) -> Any:
    """What a row says in JSON, in the words of this language."""
    if not isinstance(value, dict):
        return value
    if "repeat" in value:
        return value["repeat"] * value["times"]
    if "number" in value:
        return float(value["number"])
    if "naive" in value:
        return datetime.datetime.fromisoformat(value["naive"])
    if value.get("never"):
        return NEVER_EXPIRES
    if value.get("absent"):
        return _ABSENT
    at = value.get("instant_ms")
    if at == "last":
        return datetime.datetime.max.replace(tzinfo=UTC)
    if at == "first":
        return datetime.datetime.min.replace(tzinfo=UTC)
    if at is not None:
        epoch = datetime.datetime(1970, 1, 1, tzinfo=UTC)
        return epoch + datetime.timedelta(milliseconds=at)
    return {}


def _reply(row: dict[str, Any]) -> Any:
    if "reply" in row:
        given = _said(row["reply"])
        return None if given is _ABSENT else given
    given = {**TABLE["good"], **row.get("set", {})}
    said = {NAMES.get(field, field): _said(value) for field, value in given.items()}
    return {field: value for field, value in said.items() if value is not _ABSENT}


def test_there_are_rows_enough() -> None:
    assert len(ROWS) > 100


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_custom_replies_are_judged_alike(row: dict[str, Any]) -> None:
    source = CustomSource(lambda: _reply(row), {})
    if "refused" not in row:
        reply = source.fetch()
        if "expiry_ms" in row:
            wanted = abi.NEVER if row["expiry_ms"] is None else row["expiry_ms"]
            assert reply.expiry_ms == wanted
        assert reply.frozen.account_id == row.get("account")
        return
    with pytest.raises(EvercredsCredentialError) as caught:
        source.fetch()
    assert caught.value.code == "malformed"
    assert NAMES.get(row["refused"], row["refused"]) in str(caught.value)


class Odd(Mapping[str, Any]):
    """A mapping that has all, and gives nothing."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getitem__(self, name: str) -> Any:
        raise self._error

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        raise self._error

    def __len__(self) -> int:
        raise self._error


class OddZone(datetime.tzinfo):
    def utcoffset(self, _: datetime.datetime | None) -> datetime.timedelta | None:
        raise OverflowError("beyond")


@pytest.mark.parametrize(
    "given",
    [
        Odd(KeyError("token")),
        Odd(OverflowError()),
        Odd(RuntimeError("sentinel-secret")),
        {"expiry_time": datetime.datetime(2027, 1, 1, tzinfo=OddZone())},
        {
            "expiry_time": datetime.datetime.max.replace(
                tzinfo=datetime.timezone(datetime.timedelta(hours=-23))
            )
        },
        {
            "expiry_time": datetime.datetime.min.replace(
                tzinfo=datetime.timezone(datetime.timedelta(hours=23))
            )
        },
    ],
)
def test_what_fails_when_it_is_read_is_malformed_or_read(given: Any) -> None:
    good = {"access_key": "A", "secret_key": "S", "token": "T"}
    source = CustomSource(lambda: {**good, **given} if isinstance(given, dict) else given, {})
    if isinstance(given, dict) and getattr(given["expiry_time"], "year", 0) == 9999:
        assert source.fetch().expiry_ms == 253402300799999
        return
    with pytest.raises(EvercredsCredentialError) as caught:
        source.fetch()
    assert caught.value.code == "malformed"
    assert "sentinel" not in repr(caught.value)


SERVICES = {
    "access_key": "AccessKeyId",
    "secret_key": "SecretAccessKey",
    "token": "SessionToken",
}
BAD = [
    row
    for row in ROWS
    if row.get("refused") in SERVICES
    and isinstance(_said(row["set"][row["refused"]]), str)
    and row["set"][row["refused"]] not in ("", "x\ud83d")
]


@pytest.mark.usefixtures("base_keys")
@pytest.mark.parametrize("row", BAD, ids=[row["name"] for row in BAD])
def test_replies_of_sts_are_judged_alike(stand_in: StandIn, role: str, row: dict[str, Any]) -> None:
    """In XML some characters change on the way, but to none that is right."""
    field, value = SERVICES[row["refused"]], _said(row["set"][row["refused"]])
    stand_in.fault("bad_field", role=role, field=field, value=value)
    session = RefreshableSession(
        assume_role_kwargs={"RoleArn": role},
        sts_client_kwargs={"endpoint_url": stand_in.endpoint, "region_name": "us-east-1"},
    )
    with pytest.raises(EvercredsCredentialError) as caught:
        session.refresh()
    assert caught.value.code == "malformed"
    assert ("65536 bytes" if len(value) > 60_000 else field) in str(caught.value)
