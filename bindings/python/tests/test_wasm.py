"""The core as a WebAssembly module, for systems that cannot load the shared library."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT, in_threads
from evercreds import EvercredsLibraryError
from evercreds._library import abi_generated as abi
from evercreds._library import loading as _library
from evercreds._library.wasm import WasmLibrary

pytest.importorskip("wasmtime")

MODULE = ROOT / "build" / "evercreds.wasm"
PANIC = ROOT / "build" / "evercreds_panic.wasm"

pytestmark = pytest.mark.skipif(
    not (MODULE.exists() and PANIC.exists()),
    reason="build/*.wasm are not built (./task build:wasm build:panic)",
)


@pytest.fixture(scope="module")
def module() -> WasmLibrary:
    return WasmLibrary(MODULE)


def test_it_answers_as_the_shared_library_does(module: WasmLibrary) -> None:
    lib = _library.library()
    for name, arguments in (
        ("abi_version", ()),
        ("abi_features", ()),
        ("rule_expiry", (b"2030-01-01T00:00:00Z", 20)),
        ("rule_expiry", (b"tomorrow", 8)),
        ("rule_error_class", (abi.Method.STS, 403, b"AccessDenied", 12)),
        ("rule_mfa_code", (b"code 123456 of 7", 16)),
        ("rule_duration", (900.5, 0)),
        ("rule_retry_after", (0, 1, b"1500", 4)),
        ("rule_evidence", (0, 400, b"ExpiredToken", 12)),
        ("rule_evidence", (1, 400, b"", 0)),
        ("session_option", (12345, abi.Option.METHOD, 2)),
    ):
        answers = [getattr(each, f"evercreds_{name}")(*arguments) for each in (lib, module)]
        assert answers[0] == answers[1], name


def test_text_longer_than_its_buffer_is_read_from_the_end(module: WasmLibrary) -> None:
    text = b"x" * abi.BUFFER_BYTES + b" 654321"
    assert module.evercreds_rule_mfa_code(text, len(text)) == len(text) - 6


def test_the_buffer_keeps_nothing_of_a_call(module: WasmLibrary) -> None:
    """Whatever a source has in place of an expiry or a code may be a secret."""
    secret = b"sentinel-secret-key"
    module.evercreds_rule_expiry(secret, len(secret))
    module.evercreds_rule_error_class(abi.Method.STS, 403, secret, len(secret))
    module.evercreds_rule_evidence(0, 400, secret, len(secret))
    memory = module._memory
    assert secret[:8] not in bytes(memory.read(module._store, 0, memory.data_len(module._store)))


def test_a_handle_can_be_freed_within_a_call(module: WasmLibrary) -> None:
    """Finalizers run wherever garbage is collected, also in the thread that holds the lock."""
    number = module.evercreds_session_new()
    with module._lock:
        assert module.evercreds_session_free(number) == 0
    assert module.evercreds_session_option(number, abi.Option.METHOD, 2) == abi.Result.ERR_HANDLE


def test_many_threads_call_it() -> None:
    lib = WasmLibrary(MODULE)

    def work() -> int:
        numbers = [lib.evercreds_session_new() for _ in range(50)]
        return sum(lib.evercreds_session_free(number) for number in numbers)

    assert in_threads(8, work) == [0] * 8


def test_every_call_after_a_trap_is_refused() -> None:
    lib = WasmLibrary(PANIC)
    number = lib.evercreds_session_new()
    assert lib.evercreds_test_fatal() == abi.Result.ERR_PANIC
    assert lib.is_dead
    assert lib.evercreds_session_status(number, 0, 0, 1) == abi.Result.ERR_POISONED
    assert lib.evercreds_session_free(number) == abi.Result.ERR_POISONED
    del lib
    gc.collect()


PROGRAM = """
import datetime, os
from evercreds import RefreshableSession
from evercreds._library.loading import library
from evercreds._library.wasm import WasmLibrary

calls = []
def provider():
    calls.append(1)
    expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    return dict(access_key=f"A{len(calls)}", secret_key="s", token="t", expiry_time=expiry)

session = RefreshableSession(method="custom", custom_credentials_method=provider, region_name="a")
client = session.client("s3")
assert session.credentials["access_key"] == "A1"
assert isinstance(library(), WasmLibrary)

library().evercreds_test_fatal()
assert session.credentials["access_key"] == "A1", "what was held is held"
assert session.status().counters["installs"] == 1
assert not library().is_dead
assert session.client("s3") is not None, "the cache begins anew"
session.refresh()
assert session.credentials["access_key"] == "A2"

pid = os.fork()
if pid == 0:
    assert session.credentials["access_key"] == "A2"
    session.refresh()
    os._exit(0 if session.credentials["access_key"] == "A3" else 1)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
print("well")
"""


def test_a_session_survives_a_trap_and_a_fork() -> None:
    done = subprocess.run(
        # Python warns of a fork beside threads, which wasmtime has one of.
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", PROGRAM],
        env=os.environ | {"EVERCREDS_LIBRARY": str(PANIC)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("well\n", "", 0)


def test_without_a_runtime_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EVERCREDS_LIBRARY", str(MODULE))
    monkeypatch.setattr(_library.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EvercredsLibraryError, match=r"pip install 'evercreds\[wasm\]'") as caught:
        _library._Loader().get()
    assert caught.value.code == "missing"


def test_on_musl_the_module_is_what_is_loaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Also where a shared library lies beside it, which musl's loader cannot load."""
    native = tmp_path / "_native"
    native.mkdir()
    (native / "libevercreds.so").write_bytes(b"")
    (native / "evercreds.wasm").symlink_to(MODULE)
    monkeypatch.delenv("EVERCREDS_LIBRARY", raising=False)
    monkeypatch.setattr(_library, "in_package", lambda name: native / name)
    monkeypatch.setattr(_library, "_is_musl", lambda: True)
    assert isinstance(_library._Loader().get(), WasmLibrary)


def test_the_module_runs_without_a_cache_folder(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.write_text("no directory")
    program = (
        "from evercreds._library.loading import library\n"
        "print(library().evercreds_abi_version() > 0)"
    )
    kept = {name: value for name, value in os.environ.items() if name != "XDG_CACHE_HOME"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=kept | {"EVERCREDS_LIBRARY": str(MODULE), "HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("True\n", "", 0)


@pytest.mark.parametrize(
    "content",
    [
        b"no module",
        b"\0asm\1\0\0\0",  # without anything in it
        b'(module (memory (export "memory") 1))',
        b'(module (import "nowhere" "nothing" (func)))',
        b'(module (memory (export "memory") 1) (func (export "_initialize") unreachable))',
    ],
    ids=["text", "empty", "other", "import", "trap"],
)
def test_a_file_that_is_not_the_module_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "evercreds.wasm"
    path.write_bytes(content)
    monkeypatch.setenv("EVERCREDS_LIBRARY", str(path))
    with pytest.raises(EvercredsLibraryError, match="cannot be run") as caught:
        _library._Loader().get()
    assert caught.value.code == "load"
    assert str(path) in str(caught.value)
