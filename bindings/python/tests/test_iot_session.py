"""method="iot" with the stand-in: good replies, bad ones, and none."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import shutil
import socket
import threading
import weakref
from pathlib import Path
from typing import Any

import awscrt.http
import awscrt.io
import pytest

from conftest import SessionMaker, StandIn, in_threads, until
from evercreds import (
    EvercredsConfigurationError,
    EvercredsConnectionError,
    EvercredsCredentialError,
    EvercredsError,
    EvercredsRequestError,
    EvercredsValidationError,
)
from evercreds._library import abi_generated as abi
from evercreds.methods.iot import _https
from tls_server import Authority

ALIAS = "stand-in-alias"
SECRET_ARGUMENTS = ("certificate", "private_key")


def s3(session: Any, stand_in: StandIn) -> Any:
    return session.client("s3", endpoint_url=stand_in.endpoint)


@pytest.mark.parametrize("kind", ["", "rsa_"])
@pytest.mark.parametrize("as_bytes", [False, True])
def test_pem_files_and_bytes(
    iot_session: SessionMaker, stand_in: StandIn, kind: str, as_bytes: bool
) -> None:
    given: dict[str, Any] = {
        name: stand_in.introduction[kind + name] for name in ("certificate", "private_key")
    }
    given["ca"] = stand_in.introduction["ca"]
    if as_bytes:
        given = {name: Path(path).read_bytes() for name, path in given.items()}
    session = iot_session(thing_name=stand_in.introduction["thing_name"], **given)
    assert stand_in.alias_calls()["attempts"] == 0  # deferred
    assert s3(session, stand_in).list_buckets()["Buckets"]
    issued = stand_in.alias_calls()["issued"]
    assert [each["access_key_id"] for each in issued] == [session.credentials["access_key"]]
    assert session.get_credentials().get_frozen_credentials().account_id is None


def test_one_file_may_have_both(
    iot_session: SessionMaker, stand_in: StandIn, tmp_path: Path
) -> None:
    both = tmp_path / "both.pem"
    texts = [Path(stand_in.introduction[name]).read_bytes() for name in SECRET_ARGUMENTS]
    both.write_bytes(b"subject=CN = thing\r\n" + texts[1].replace(b"\n", b"\r\n") + texts[0])
    iot_session(certificate=str(both), private_key=str(both)).refresh()


@pytest.mark.parametrize("region", [None, "us-east-1"])
def test_its_identity_is_the_aliass_role(
    iot_session: SessionMaker,
    stand_in: StandIn,
    monkeypatch: pytest.MonkeyPatch,
    region: str | None,
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", stand_in.endpoint)
    session = iot_session(region_name=region)
    assert session.whoami()["Arn"].startswith("arn:aws:sts::123456789012:assumed-role/")
    assert session.get_identity()["Account"] == "123456789012"


def test_an_eager_session_has_credentials_at_once(
    iot_session: SessionMaker, stand_in: StandIn
) -> None:
    session = iot_session(defer_refresh=False)
    assert stand_in.alias_calls()["successes"] == 1
    assert session.status().phase == "fresh"
    stand_in.fault("http", alias=ALIAS)
    with pytest.raises(EvercredsRequestError):
        iot_session(defer_refresh=False)


def test_20_threads_share_one_fetch(iot_session: SessionMaker, stand_in: StandIn) -> None:
    session = iot_session()
    got = in_threads(20, lambda: session.credentials["access_key"])
    assert len(set(got)) == 1
    calls = stand_in.alias_calls()
    assert (calls["attempts"], calls["concurrent_max"]) == (1, 1)


def test_a_rejected_set_is_replaced(iot_session: SessionMaker, stand_in: StandIn) -> None:
    session = iot_session()
    client = s3(session, stand_in)
    first = session.credentials["access_key"]
    stand_in.control("POST", "revoke", access_key_id=first)
    assert client.list_buckets()["Buckets"]
    assert session.credentials["access_key"] != first
    assert stand_in.alias_calls()["successes"] == 2


class Made:
    """Counts what awscrt is asked to make."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.loops = self.contexts = self.connections = 0
        connect = awscrt.http.HttpClientConnection.new

        class Loop(awscrt.io.EventLoopGroup):  # type: ignore[misc]
            def __init__(loop, *given: Any) -> None:
                self.loops += 1
                super().__init__(*given)

        class Context(awscrt.io.ClientTlsContext):  # type: ignore[misc]
            def __init__(context, *given: Any) -> None:
                self.contexts += 1
                super().__init__(*given)

        def new(*given: Any, **named: Any) -> Any:
            self.connections += 1
            return connect(*given, **named)

        monkeypatch.setattr(awscrt.io, "EventLoopGroup", Loop)
        monkeypatch.setattr(awscrt.io, "ClientTlsContext", Context)
        monkeypatch.setattr(awscrt.http.HttpClientConnection, "new", new)

    def counts(self) -> tuple[int, int, int]:
        return self.loops, self.contexts, self.connections


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    return Made(monkeypatch)


def test_x7_one_loop_one_context_one_handshake(
    iot_session: SessionMaker, stand_in: StandIn, made: Made
) -> None:
    session = iot_session()
    assert made.counts() == (0, 0, 0)  # made at the first need
    for _ in range(5):
        session.refresh()
    assert stand_in.alias_calls()["successes"] == 5
    assert made.counts() == (1, 1, 1)


def test_an_old_idle_connection_is_not_used(
    iot_session: SessionMaker, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = iot_session()
    session.refresh()
    monkeypatch.setattr(_https, "_LONGEST_IDLE_S", 0.0)
    session.refresh()
    assert made.counts() == (1, 1, 2)


def test_x2_files_that_were_replaced_are_read_again(
    iot_session: SessionMaker, stand_in: StandIn, tmp_path: Path, made: Made
) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"

    def put(kind: str) -> None:
        shutil.copy(stand_in.introduction[kind + "certificate"], certificate)
        shutil.copy(stand_in.introduction[kind + "private_key"], key)

    put("")
    session = iot_session(certificate=str(certificate), private_key=str(key))
    session.refresh()
    put("rsa_")
    session.refresh()
    assert made.counts() == (1, 2, 2)
    put("rsa_")  # touched, but the same
    session.refresh()
    assert made.counts() == (1, 2, 2)

    # A certificate of somebody else's shows that it is this file which counts.
    text, its_key = Authority("elsewhere").issue("thing")
    certificate.write_bytes(text)
    key.write_bytes(its_key)
    with pytest.raises(EvercredsConnectionError):
        session.refresh()


def test_a_rotation_that_is_half_done_passes_by_itself(
    iot_session: SessionMaker, stand_in: StandIn, tmp_path: Path
) -> None:
    given = stand_in.introduction
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    shutil.copy(given["certificate"], certificate)
    shutil.copy(given["rsa_private_key"], key)
    session = iot_session(certificate=str(certificate), private_key=str(key))
    with pytest.raises(EvercredsConfigurationError, match="do not match") as caught:
        session.refresh()
    assert caught.value.param == "certificate/private_key"
    assert (
        session._host.loop.source.classify(caught.value).error_class == abi.ErrorClass.RECOVERABLE
    )
    # A permanent failure would hold the next caller off; half a file is no different.
    certificate.write_bytes(Path(given["rsa_certificate"]).read_bytes()[:200])
    with pytest.raises(EvercredsValidationError, match="certificate must hold"):
        session.refresh()
    certificate.unlink()
    with pytest.raises(EvercredsValidationError, match="No such file"):
        session.refresh()
    shutil.copy(given["rsa_certificate"], certificate)
    session.refresh()
    assert stand_in.alias_calls()["successes"] == 1


def test_bytes_that_do_not_go_together_will_not_ever(
    iot_session: SessionMaker, stand_in: StandIn
) -> None:
    names = {"certificate": "certificate", "private_key": "rsa_private_key", "ca": "ca"}
    given = {name: Path(stand_in.introduction[of]).read_bytes() for name, of in names.items()}
    session = iot_session(**given)
    with pytest.raises(EvercredsConfigurationError) as caught:
        session.refresh()
    assert session._host.loop.source.classify(caught.value).error_class == abi.ErrorClass.PERMANENT


# Kind, its fields, the error, its status, the class of the failure.
FAULTS: list[tuple[str, dict[str, Any], type[EvercredsError], int | None, int]] = [
    ("http", {}, EvercredsRequestError, 503, abi.ErrorClass.THROTTLED),
    ("http", {"status": 500}, EvercredsRequestError, 500, abi.ErrorClass.RECOVERABLE),
    ("throttling", {"retry_after_s": 7}, EvercredsRequestError, 429, abi.ErrorClass.THROTTLED),
    ("access_denied", {}, EvercredsRequestError, 403, abi.ErrorClass.PERMANENT),
    (
        "error",
        {"code": "ResourceNotFoundException", "status": 404},
        EvercredsRequestError,
        404,
        abi.ErrorClass.PERMANENT,
    ),
    ("reset", {}, EvercredsConnectionError, None, abi.ErrorClass.RECOVERABLE),
    ("hang", {}, EvercredsConnectionError, None, abi.ErrorClass.RECOVERABLE),
    ("truncated", {}, EvercredsError, None, abi.ErrorClass.RECOVERABLE),
    ("missing_field", {}, EvercredsCredentialError, None, abi.ErrorClass.RECOVERABLE),
    (
        "missing_field",
        {"field": "Expiration"},
        EvercredsCredentialError,
        None,
        abi.ErrorClass.RECOVERABLE,
    ),
    ("bad_expiration", {}, EvercredsCredentialError, None, abi.ErrorClass.RECOVERABLE),
    (
        "bad_expiration",
        {"expiration": "2030-01-01T00:00:00"},
        EvercredsCredentialError,
        None,
        abi.ErrorClass.RECOVERABLE,
    ),
    ("expired", {}, EvercredsCredentialError, None, abi.ErrorClass.RECOVERABLE),
]


@pytest.mark.parametrize(("kind", "fields", "expected", "status", "error_class"), FAULTS)
def test_each_fault_is_an_error_of_ours(
    iot_session: SessionMaker,
    stand_in: StandIn,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    fields: dict[str, Any],
    expected: type[EvercredsError],
    status: int | None,
    error_class: int,
) -> None:
    session = iot_session(timeout=60)
    session.refresh()
    held = session.credentials
    if kind == "hang":
        monkeypatch.setattr(session._https, "_timeout_s", 1)
    stand_in.fault(kind, alias=ALIAS, **fields)
    with caplog.at_level(logging.DEBUG), pytest.raises(expected) as caught:
        session.refresh()
    assert caught.value.status_code == status
    assert session._host.loop.source.classify(caught.value).error_class == error_class
    if "retry_after_s" in fields:
        assert session._host.loop.source.classify(caught.value).retry_after_ms == 7000
    if status is not None:
        assert caught.value.details is not None
        assert set(caught.value.details) >= {"message", "traceId"}
    elif isinstance(caught.value, EvercredsConnectionError):
        assert caught.value.param == "endpoint"
    told = everything_of(caught.value) + caplog.text
    for each in stand_in.alias_calls()["issued"]:
        assert each["access_key_id"] not in told
    # What was held is there still, and the next attempt is made.
    assert session.credentials == held
    stand_in.clear_faults()
    monkeypatch.setattr(session._https, "_timeout_s", 60)
    session.refresh()
    assert session.credentials["access_key"] != held["access_key"]


def everything_of(error: BaseException | None) -> str:
    told = ""
    while error is not None:
        told += str(error) + repr(error) + repr(vars(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return told


def test_the_servers_clock_counts(iot_session: SessionMaker, stand_in: StandIn) -> None:
    """The provider's clock is ahead by an hour; its sets are good for another hour by it."""
    stand_in.control("POST", "clock", offset_ms=3_600_000)
    session = iot_session()
    session.refresh()
    assert 3000 < session.status().remaining <= 3601


def test_a_thing_that_is_not_attached_is_refused(iot_session: SessionMaker) -> None:
    with pytest.raises(EvercredsRequestError, match="403") as caught:
        iot_session(thing_name="another").refresh()
    assert caught.value.details is not None
    assert caught.value.details["message"] == "Access Denied"


def test_an_alias_that_is_not_there_is_refused(iot_session: SessionMaker) -> None:
    with pytest.raises(EvercredsRequestError) as caught:
        iot_session(role_alias="another").refresh()
    assert caught.value.status_code == 404


@pytest.mark.parametrize("as_bytes", [False, True])
def test_x4_a_wrong_ca_is_told(iot_session: SessionMaker, tmp_path: Path, as_bytes: bool) -> None:
    pem = Authority("another").pem
    (tmp_path / "ca.pem").write_bytes(pem)
    session = iot_session(ca=pem if as_bytes else str(tmp_path / "ca.pem"), timeout=60)
    with pytest.raises(EvercredsConnectionError, match="not to be trusted") as caught:
        session.refresh()
    assert caught.value.param == "endpoint"
    assert "check ca" in str(caught.value)


def test_x4_the_systems_authorities_do_not_know_the_stand_in(
    iot_session: SessionMaker,
) -> None:
    with pytest.raises(EvercredsConnectionError, match="not to be trusted"):
        iot_session(ca=None, timeout=60).refresh()


def test_without_verify_peer_any_server_will_do(iot_session: SessionMaker) -> None:
    iot_session(ca=None, verify_peer=False).refresh()


def test_a_certificate_for_another_host_is_not_trusted(iot_session: SessionMaker) -> None:
    # The stand-in's is good for the endpoints of the commercial partition alone.
    session = iot_session(endpoint="id.credentials.iot.cn-north-1.amazonaws.com.cn", timeout=60)
    with pytest.raises(EvercredsConnectionError, match="TLS"):
        session.refresh()


def test_x4_a_port_where_nobody_listens(
    iot_session: SessionMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
    monkeypatch.setattr(_https, "_address", lambda *_: address)
    with pytest.raises(EvercredsConnectionError, match="refused") as caught:
        iot_session().refresh()
    assert caught.value.param == "endpoint"


def test_x4_a_host_that_is_not_there(
    iot_session: SessionMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_https, "_address", lambda *_: ("nowhere.invalid", 443))
    with pytest.raises(EvercredsConnectionError, match=r"resolved|within 5 seconds"):
        iot_session(timeout=5).refresh()


def test_x4_a_server_that_never_shakes_hands(
    iot_session: SessionMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setattr(_https, "_address", lambda *_: listener.getsockname())
        with pytest.raises(EvercredsConnectionError, match=r"no connection within 0\.5 seconds"):
            iot_session(timeout=0.5).refresh()


def test_the_refresh_timeout_bounds_the_timeout(iot_session: SessionMaker) -> None:
    assert iot_session(timeout=100, refresh_timeout=5)._https._timeout_s == 5
    assert iot_session(timeout=100)._https._timeout_s == 60
    assert iot_session(timeout=4)._https._timeout_s == 4
    assert iot_session()._https._timeout_s == 10


def threads_of_awscrt() -> set[str]:
    """Find them by the names that they give themselves."""
    found = set()
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if (task / "comm").read_text().startswith("Aws"):
                found.add(task.name)
    return found


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="threads are counted on Linux")
@pytest.mark.parametrize("how", ["closed", "forgotten"])
def test_no_thread_is_left(iot_session: SessionMaker, stand_in: StandIn, how: str) -> None:
    iot_session().refresh()  # what the process keeps for ever is there from here on
    gc.collect()
    given = {
        name: stand_in.introduction[name]
        for name in ("role_alias", "certificate", "private_key", "ca")
    }
    from conftest import IOT_ENDPOINT
    from evercreds import RefreshableSession

    session = RefreshableSession(method="iot", endpoint=IOT_ENDPOINT, **given)
    before = threads_of_awscrt()
    session.refresh()
    own = threads_of_awscrt() - before
    assert own
    named = weakref.ref(session)
    if how == "closed":
        session.close()
        with pytest.raises(EvercredsCredentialError):
            session.refresh()
    del session
    gc.collect()
    if how == "forgotten":
        assert named() is None
    until(lambda: not threads_of_awscrt() & own)


def test_close_ends_a_request_that_hangs(iot_session: SessionMaker, stand_in: StandIn) -> None:
    stand_in.fault("hang", alias=ALIAS)
    session = iot_session(timeout=60)
    ended: list[BaseException] = []

    def fetch() -> None:
        try:
            session.refresh()
        except EvercredsCredentialError as error:
            ended.append(error)

    caller = threading.Thread(target=fetch, daemon=True)
    caller.start()
    until(lambda: stand_in.alias_calls()["attempts"] == 1)
    client = session._https
    session.close()
    caller.join(60)
    assert [error.code for error in ended] == ["closed"]  # type: ignore[attr-defined]
    until(lambda: not client._in_use)


def test_no_secret_is_shown(
    iot_session: SessionMaker, stand_in: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    given = {name: Path(stand_in.introduction[name]).read_bytes() for name in SECRET_ARGUMENTS}
    with caplog.at_level(logging.DEBUG):
        session = iot_session(**given)
        session.refresh()
        shown = session.credentials
    inner: list[Any] = [session, session._https, session._tls_identity, session._host.loop.source]
    inner += [session._tls_identity.certificate, session._tls_identity.private_key]
    told = caplog.text + "".join(repr(each) + str(each) for each in inner)
    key_lines = given["private_key"].decode().splitlines()[1:-1]
    for secret in (shown["secret_key"], shown["token"], *key_lines):
        assert secret not in told


LOGGED = """
import json, sys
from awscrt.io import LogLevel
from evercreds import RefreshableSession
from evercreds.methods.iot import _https
port, given = json.loads(sys.argv[1])
_https._address = lambda *_: ("127.0.0.1", port)
session = RefreshableSession(method="iot", awscrt_log_level=LogLevel.Trace, **given)
shown = session.credentials
# Not to standard output, where awscrt writes blocks that end in the midst of a line.
print(json.dumps([shown["secret_key"], shown["token"]]), file=sys.stderr)
session.close()
"""


def test_awscrts_log_has_no_secret_at_its_loudest(stand_in: StandIn) -> None:
    import json
    import subprocess
    import sys

    from conftest import IOT_ENDPOINT

    given = {
        name: stand_in.introduction[name]
        for name in ("role_alias", "certificate", "private_key", "ca")
    }
    given["endpoint"] = IOT_ENDPOINT
    port = int(stand_in.introduction["tls_endpoint"].rpartition(":")[2])
    done = subprocess.run(
        [sys.executable, "-c", LOGGED, json.dumps([port, given])],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    secrets, log = json.loads(done.stderr.splitlines()[-1]), done.stdout
    assert "[TRACE]" in log
    for secret in secrets:
        assert secret not in log
    for line in Path(given["private_key"]).read_text().splitlines()[1:-1]:
        assert line not in log
