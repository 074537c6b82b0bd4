"""No secret crosses to the library: not in a call's arguments, not into a module's memory."""

from __future__ import annotations

import base64
import ctypes
import datetime
import logging
import re
import struct
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from conftest import ROOT, SessionMaker, StandIn, all_is_told
from evercreds import RefreshableSession
from evercreds._library import loading as _library
from evercreds._library.wasm import WasmLibrary

MODULE = ROOT / "build" / "evercreds.wasm"
PIECE = 12  # bytes: a secret that was copied in part is a secret too
SERIAL = "arn:aws:iam::123456789012:mfa/me"
CODE = "918273"
_TEXTS = re.compile(rb"[ -~]{6,}")
SENTINELS = {
    "secret key": "sentinelu8Hr5Dw3q7Zkq7Zkq7Zk",
    "token": "Sentinelk4Gt7Bn1x9Wv2Jr4x9Wv2Jr4",
    "external id": "SENTINEL-external-id-of-a-few",
    "code": CODE,
}


def pieces_of(secret: bytes) -> set[bytes]:
    """List what counts as a trace of a secret: its pieces, as they are and encoded."""
    size = min(PIECE, len(secret))
    found = {secret[at : at + size] for at in range(len(secret) - size + 1)}
    found |= {piece.hex().encode() for piece in found}
    found |= {secret.decode("latin1").encode("utf-16-le")[: 2 * PIECE]}
    for at in range(3 if len(secret) >= 2 * PIECE else 0):  # a short one is found by chance
        text = base64.b64encode(secret[at : len(secret) - (len(secret) - at) % 3])
        found |= {text[start : start + 16] for start in range(len(text) - 15)}
    return found


def traces(memory: bytes, secrets: dict[str, str | bytes]) -> list[str]:
    """Name the secrets that have left a piece of themselves in these bytes."""
    as_bytes = {
        name: secret.encode() if isinstance(secret, str) else secret
        for name, secret in secrets.items()
    }
    # Most of a memory is no text, and nearly all pieces are.
    texts = b"\0".join(_TEXTS.findall(memory))
    return [
        name
        for name, secret in as_bytes.items()
        if any(
            piece in (texts if _TEXTS.fullmatch(piece) else memory) for piece in pieces_of(secret)
        )
    ]


class Watched:
    """The library, with a record of all that its calls were given and gave."""

    def __init__(self, library: Any) -> None:
        self.real = library
        self.crossed: dict[str, bytearray] = {}

    def __getattr__(self, name: str) -> Any:
        real = getattr(self.real, name)
        if not name.startswith("evercreds_"):
            return real
        record = self.crossed.setdefault(name, bytearray())

        def call(*arguments: Any) -> Any:
            for each in arguments:
                record.extend(_raw(each) + b"\0")
            result = real(*arguments)
            for each in arguments:  # what came back is in buffers
                record.extend(_raw(each) + b"\0")
            return result

        return call

    def all(self, *but: str) -> bytes:
        return b"\0".join(bytes(each) for name, each in self.crossed.items() if name not in but)

    def memory(self) -> bytes:
        """Give all that a module has for a memory; nothing of a shared library, which has ours."""
        if not isinstance(self.real, WasmLibrary):
            return b""
        memory, store = self.real._memory, self.real._store
        content = bytes(memory.read(store, 0, memory.data_len(store)))
        assert len(content) > 1 << 20
        assert b"evercreds" in content, "this is not the module's"
        return content


def _raw(argument: Any) -> bytes:
    """Give the bytes of an argument, and of what it points to."""
    if isinstance(argument, (bytes, bytearray)):
        return bytes(argument)
    if isinstance(argument, int):
        return struct.pack("<Q", argument & (1 << 64) - 1)
    if isinstance(argument, float):
        return struct.pack("<d", argument)
    to = getattr(argument, "_obj", argument)  # of ctypes.byref
    assert isinstance(to, (ctypes.Array, ctypes.Structure)), f"what is in a {type(to)}?"
    return bytes(to)


@pytest.fixture(params=["shared library", "module"])
def watched(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    if request.param == "module":
        pytest.importorskip("wasmtime")
        if not MODULE.exists():
            pytest.skip("build/evercreds.wasm is not built (./task build:wasm)")
        made = Watched(WasmLibrary(MODULE))
    else:
        made = Watched(_library.library())
    monkeypatch.setattr(_library._loader, "_current", made)
    yield made
    assert made.crossed["evercreds_session_open"], "nothing has crossed"


def test_what_crosses_is_seen(watched: Watched) -> None:
    """The tests below are worth what this one finds."""
    with RefreshableSession(method="custom", custom_credentials_method=good) as session:
        session.refresh()
    for name, secret in SENTINELS.items():
        part = secret.encode()[2:18] if len(secret) > PIECE else secret.encode()
        for text in (part, part.hex().encode(), base64.b64encode(secret.encode())):
            if text != part and name == "code":
                continue
            assert traces(watched.all(), {name: secret}) == []
            watched.evercreds_rule_expiry(text, len(text))
            assert traces(watched.all(), {name: secret}) == [name]
            watched.crossed["evercreds_rule_expiry"].clear()
            if isinstance(watched.real, WasmLibrary):
                assert traces(watched.memory(), {name: secret}) == []  # the call has wiped it
                watched.real._write(text, len(text))
                assert traces(watched.memory(), {name: secret}) == [name]
                watched.real._wipe(len(text))


def good() -> dict[str, Any]:
    later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    keys = {"secret_key": SENTINELS["secret key"], "token": SENTINELS["token"]}
    return {"access_key": "ASIAEXAMPLE", **keys, "expiry_time": later}


def expect_none(watched: Watched, secrets: dict[str, str | bytes]) -> None:
    # A command's output is read by the library's rule for codes, which keeps nothing.
    assert traces(watched.all("evercreds_rule_mfa_code"), secrets) == []
    assert traces(watched.memory(), secrets) == []


def test_of_a_custom_source(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    replies: list[Any] = [good]

    def provider() -> Any:
        return replies[-1]()

    def fails() -> None:
        raise RuntimeError(SENTINELS["token"], SENTINELS["secret key"])

    def exits() -> None:
        sys.exit(SENTINELS["token"])

    session = RefreshableSession(method="custom", custom_credentials_method=provider)
    session.refresh()
    session.invalidate()
    for bad in (
        fails,
        exits,
        lambda: {**good(), "token": None},
        lambda: {**good(), "expiry_time": datetime.datetime(2001, 1, 1).astimezone()},
        good,  # the same set, which was rejected
    ):
        replies.append(bad)
        with pytest.raises(Exception):  # noqa: B017, PT011 - whatever it is
            session.refresh()
        session.status()
    expect_none(watched, SENTINELS)
    assert traces(session._host.loop._machine._snapshot, SENTINELS) == []
    session.close()
    all_is_told(session)
    expect_none(watched, SENTINELS)
    assert "refresh" in caplog.text
    assert traces(caplog.text.encode(), SENTINELS) == []


def _command(said: str) -> list[str]:
    return [sys.executable, "-c", f"print({said!r})"]


def _code() -> str:
    return CODE


@pytest.mark.parametrize(
    "provider", [_code, _command(f"seed {SENTINELS['secret key']}, and now {CODE}")]
)
def test_of_sts(
    watched: Watched,
    sts_session: SessionMaker,
    stand_in: StandIn,
    role: str,
    caplog: pytest.LogCaptureFixture,
    provider: Any,
) -> None:
    with caplog.at_level(logging.DEBUG):
        session = sts_session(
            assume_role_kwargs={
                "RoleArn": role,
                "ExternalId": SENTINELS["external id"],
                "SerialNumber": SERIAL,
            },
            mfa_token_provider=provider,
        )
        held = session.credentials
        session.invalidate()
        with pytest.raises(Exception, match="one-time code"):
            session.refresh()  # it was sent before
        session.close()
        all_is_told(session)
    secrets = {
        **SENTINELS,
        "base secret key": stand_in.secret_access_key,
        "secret key of the set": held["secret_key"],
        "token of the set": held["token"],
    }
    expect_none(watched, secrets)
    # botocore's own lines at this level are requests, their headers and bodies, and replies.
    ours = [record for record in caplog.records if record.name.partition(".")[0] == "evercreds"]
    assert ours, "nothing was logged"
    shown = "\n".join(logging.Formatter().format(record) + repr(vars(record)) for record in ours)
    assert traces(shown.encode(), secrets) == []
    others = {record.name.partition(".")[0] for record in caplog.records} - {"evercreds"}
    assert others <= {"boto3", "botocore", "urllib3", "asyncio"}, "whose lines are these?"


def test_of_iot(watched: Watched, iot_session: SessionMaker, stand_in: StandIn) -> None:
    pytest.importorskip("awscrt")
    with open(stand_in.introduction["private_key"], "rb") as file:
        key = file.read()
    session = iot_session(private_key=key)
    held = session.credentials
    for fault in ("bad_expiration", "access_denied", "truncated"):
        stand_in.fault(fault, alias=stand_in.introduction["role_alias"])
        with pytest.raises(Exception):  # noqa: B017, PT011 - whatever it is
            session.refresh()
        stand_in.clear_faults()
    body = b"".join(key.split(b"\n")[1:-2])
    secrets = {
        "private key": body[48:],
        "private key in DER": base64.b64decode(body)[36:68],
        "secret key of the set": held["secret_key"],
        "token of the set": held["token"],
    }
    assert traces(key, secrets) == ["private key", "private key in DER"]
    expect_none(watched, secrets)
    session.close()
    expect_none(watched, secrets)
