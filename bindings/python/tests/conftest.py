"""What the tests share: the stand-in for AWS, a clean environment, a clock to turn by hand."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
import weakref
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import fork_counts
from evercreds import RefreshableSession
from late import be_late
from processes.forked import fault_of, in_child

__all__ = ["fault_of", "in_child"]  # tests take them from here

# What another virtual environment is for, with versions of botocore of its own.
collect_ignore = [] if find_spec("aiobotocore") else ["aio"]
# What seals, and clients of stores, are not there for each Python.
if not all(find_spec(name) for name in ("cryptography", "moto", "redis")):
    collect_ignore += [
        "test_share_iot.py",
        "test_share_processes.py",
        "test_share_codes.py",
        "test_share_odd_stores.py",
        "test_share_refusals.py",
        "test_share_secrets.py",
        "test_share_sessions.py",
        "test_share_sick_stores.py",
        "test_share_stores.py",
        "test_share_vectors.py",
    ]

ROOT = Path(os.environ.get("EVERCREDS_ROOT", Path(__file__).resolve().parents[3]))
ROLE = "arn:aws:iam::123456789012:role/"


def pytest_configure() -> None:
    """Make threads late, where that is asked for."""
    be_late()


def pytest_unconfigure() -> None:
    """End a run of many forks with the line of its counts."""
    sys.stdout.write(fork_counts.line())


class StandIn:
    """The stand-in, and its control API."""

    def __init__(self, introduction: dict[str, Any]) -> None:
        self.introduction = introduction
        self.endpoint = introduction["endpoint"]
        self.region = introduction["region"]
        self.access_key_id = introduction["access_key_id"]
        self.secret_access_key = introduction["secret_access_key"]
        self._control = introduction["control"]

    def control(self, method: str, path: str, **body: Any) -> Any:
        data = json.dumps(body).encode() if method == "POST" else None
        request = urllib.request.Request(f"{self._control}/{path}", data, method=method)
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)

    def fault(self, kind: str, **more: Any) -> None:
        self.control("POST", "faults", kind=kind, **more)

    def clear_faults(self) -> None:
        self.control("DELETE", "faults")

    def lifetime(self, role: str, seconds: float) -> None:
        self.control("POST", "lifetime", source=role, lifetime_ms=int(seconds * 1000))

    def calls(self, role: str) -> dict[str, Any]:
        """What the role was asked: attempts, successes, failures, concurrent_max, issued."""
        none = {"attempts": 0, "successes": 0, "failures": 0, "concurrent_max": 0, "issued": []}
        return self.control("GET", "counts")["roles"].get(role, none)

    def alias_calls(self) -> dict[str, Any]:
        """What the role alias was asked, as for ``calls``."""
        none = {"attempts": 0, "successes": 0, "failures": 0, "concurrent_max": 0, "issued": []}
        return self.control("GET", "counts")["aliases"].get(self.introduction["role_alias"], none)


@pytest.fixture(scope="session")
def _process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    program = ROOT / "build" / "stand-in"
    if not program.exists():
        program = tmp_path_factory.mktemp("stand-in") / "stand-in"
        command = ["go", "build", "-o", str(program), "./internal/awstest/cmd/stand-in"]
        subprocess.run(command, cwd=ROOT, check=True, timeout=300)
    # It ends when its standard input does, so that it cannot outlive these tests.
    process = subprocess.Popen(
        [str(program), "--stdin", "--tls-servers"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait(timeout=60)
        process.stdout.close()


@pytest.fixture(scope="session")
def stand_in_process(_process: dict[str, Any]) -> StandIn:
    return StandIn(_process)


@pytest.fixture
def stand_in(stand_in_process: StandIn) -> Iterator[StandIn]:
    yield stand_in_process
    stand_in_process.clear_faults()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the machine's own AWS setup reaches a test."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture
def base_keys(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in's base user is who this process is."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", stand_in.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", stand_in.secret_access_key)


@pytest.fixture
def role(request: pytest.FixtureRequest) -> str:
    """A role of this test's own, so that its counts are too."""
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)
    return ROLE + name[:64].strip("-")


SessionMaker = Callable[..., Any]


@pytest.fixture
def sts_session(stand_in: StandIn, base_keys: None, role: str) -> Iterator[SessionMaker]:
    """Makes sessions on the stand-in, by default with this test's role."""
    made = []

    def make(**kwargs: Any) -> Any:
        kwargs.setdefault("assume_role_kwargs", {"RoleArn": role})
        kwargs.setdefault("sts_client_kwargs", {"endpoint_url": stand_in.endpoint})
        made.append(RefreshableSession(**kwargs))
        return made[-1]

    yield make
    for session in made:
        session.close()


@pytest.fixture
def patient_file_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give calls of file stores ten seconds, not a quarter: a machine under load is no fault."""
    from evercreds.share import FileStore

    monkeypatch.setattr(FileStore, "call_ms", 10_000)


IOT_ENDPOINT = "stand-in.credentials.iot.us-east-1.amazonaws.com"


@pytest.fixture
def iot_session(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[SessionMaker]:
    """Makes sessions with the stand-in's credentials provider, whose counts begin anew.

    Their endpoint has a name of AWS's, in the handshake too, but connections go to the stand-in.
    """
    from evercreds.methods.iot import _https

    port = int(stand_in.introduction["tls_endpoint"].rpartition(":")[2])
    monkeypatch.setattr(_https, "_address", lambda *_: ("127.0.0.1", port))
    stand_in.control("POST", "reset")
    made = []

    def make(**kwargs: Any) -> Any:
        names = ("role_alias", "certificate", "private_key", "ca")
        given = {name: stand_in.introduction[name] for name in names}
        given["endpoint"] = IOT_ENDPOINT
        made.append(RefreshableSession(method="iot", **{**given, **kwargs}))
        return made[-1]

    yield make
    for session in made:
        session.close()


@pytest.fixture(scope="session")
def softhsm_token(
    _process: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """A PKCS#11 token of this run's own."""
    from softhsm import soft_token

    with soft_token(tmp_path_factory.mktemp("softhsm"), _process) as token:
        yield token


@pytest.fixture(scope="session")
def token_module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The PKCS#11 module of a token that locks itself and is taken out."""
    from device_token import built_module

    return built_module(tmp_path_factory.mktemp("token-module"))


@pytest.fixture
def device_token(token_module: Path, _process: dict[str, Any], tmp_path: Path) -> Any:
    """A token of this test's own."""
    from device_token import DeviceToken

    token = DeviceToken(tmp_path, token_module, _process)
    token.make()
    return token


@pytest.fixture(scope="session")
def broker(stand_in_process: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """An MQTT broker that takes the certificates that the stand-in takes."""
    from mosquitto import running_broker

    client_ca = stand_in_process.introduction["client_ca"]
    with running_broker(tmp_path_factory.mktemp("broker"), client_ca) as running:
        yield running


@pytest.fixture
def proxy(broker: Any) -> Iterator[Any]:
    """The way to the broker under its name at AWS: by the ports that AWS has."""
    from relays import Proxy

    made = Proxy({8883: broker.tls_port, 443: broker.websocket_port})
    yield made
    made.close()


MqttOpener = Callable[[Any], Any]


@pytest.fixture
def opened(proxy: Any) -> Iterator[MqttOpener]:
    """Opens MQTT connections by way of the proxy, and closes them in the end."""
    from awscrt.http import HttpProxyOptions

    connections: weakref.WeakSet[Any] = weakref.WeakSet()

    def open_it(connection: Any) -> Any:
        connection.proxy_options = HttpProxyOptions("127.0.0.1", proxy.port)
        connection.reconnect_min_timeout_secs = 1
        assert connection.connect().result(60) == {"session_present": False}
        connections.add(connection)
        return connection

    yield open_it
    for connection in [*connections]:
        with contextlib.suppress(RuntimeError):  # a test has closed it
            connection.disconnect().result(60)


@pytest.fixture(autouse=True)
def _errors_at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell callers of a source's error at once, not after half a minute of other attempts.

    Tests about those who wait are marked ``waits``.
    """
    from evercreds._library.options import DEFAULTS

    if request.node.get_closest_marker("waits") is None:
        monkeypatch.setitem(DEFAULTS, "max_wait", 0)


class HandClock:
    """A clock that stands still until it is turned."""

    counts_sleep = True

    def __init__(self) -> None:
        self.now_ns = 10**15

    def elapsed_ns(self) -> int:
        return self.now_ns

    def wall_ns(self) -> int:
        return 1_800_000_000 * 10**9 + self.now_ns

    def turn(self, seconds: float) -> None:
        self.now_ns += int(seconds * 1e9)

    def wait(self, bell: Any, until_ms: int) -> None:
        """Wait for the bell, or for the test to have turned the clock so far."""
        end = time.monotonic() + 60
        while not rings(bell, 0.01) and self.now_ns < until_ms * 10**6:
            assert time.monotonic() < end, "nobody settled the flight, nor turned the clock"


@pytest.fixture
def hand_clock() -> HandClock:
    return HandClock()


def rings(bell: Any, seconds: float) -> bool:
    """Wait for a bell of the package's, and tell whether it has rung."""
    end = time.monotonic() + seconds
    bell.wait(lambda: end - time.monotonic())
    return bool(bell.has_rung)


def in_threads(count: int, work: Callable[[], Any], seconds: float = 60) -> list[Any]:
    """Run the same in many threads at once; give what each returned or raised."""
    results: list[Any] = [None] * count
    ready = threading.Barrier(count)

    def run(at: int) -> None:
        ready.wait()
        try:
            results[at] = work()
        except Exception as error:
            results[at] = error

    threads = [threading.Thread(target=run, args=(at,), daemon=True) for at in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds)
        assert not thread.is_alive(), "a caller hangs"
    return results


def wanted(is_so: bool) -> None:
    """Assert something, where only an expression can stand."""
    assert is_so


def until(happened: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something has happened. The time only ends tests that fail: machines are busy."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it never happens"
        time.sleep(0.01)


def all_is_told(session: Any) -> None:
    """Wait until log handlers and listeners have been told all that has happened in a session.

    Who asks gets an answer first. The thread that has settled it tells of it then, and what another
    thread would tell it is left to do too.
    """
    teller = session._host.loop._teller

    def is_so() -> bool:
        if teller._untold or not teller._turn.acquire(blocking=False):
            return False
        teller._turn.release()
        return not teller._untold

    until(is_so)


def ended_well(pid: int) -> bool:
    """Wait for a child of ``in_child``; where it has failed, fail with what it said."""
    fault = fault_of(pid)
    assert not fault, fault
    return True


@pytest.fixture
def custom() -> Any:
    """Make sessions of a function that share, and are closed in the end."""
    made = []

    def make(source: Any, **more: Any) -> Any:
        more.setdefault("share_id", "a test")
        session = RefreshableSession(method="custom", custom_credentials_method=source, **more)
        made.append(session)
        return session

    yield make
    for session in made:
        session.close()
