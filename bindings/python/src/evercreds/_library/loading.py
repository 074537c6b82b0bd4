"""Loads the shared library: once in each process, and a fresh copy of it in a forked child."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import platform
import signal
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evercreds._fork.children import HeldOverForks, forget_in_child, generation, notice
from evercreds._library import abi_generated as abi
from evercreds._library.files import content, in_package, is_there
from evercreds._library.interpreter import refuse_subinterpreters
from evercreds._waiting.locks import reentrant_lock
from evercreds.errors import EvercredsLibraryError

if TYPE_CHECKING:
    from evercreds._library.wasm import WasmLibrary

__all__ = ["library"]

_SUFFIX = ".dylib" if sys.platform == "darwin" else ".so"
_NEEDED = abi.Feature.SESSIONS | abi.Feature.RULES


class _Loader:
    """Holds the library of this process, and the handles of those that it inherited."""

    def __init__(self) -> None:
        self._current: Any = None
        self._inherited: list[Any] = []
        self._renew_lock()
        forget_in_child(self)

    def _renew_lock(self) -> None:
        # Reentrant: a signal handler may come in the midst of loading, and need the library.
        self._lock = reentrant_lock()
        HeldOverForks(self._lock)

    def after_fork(self) -> None:
        """Give up the inherited library: its runtime has lost its threads, and hangs."""
        self._renew_lock()
        if self._current is not None:
            self._inherited.append(self._current)
            self._current = None

    def get(self) -> Any:
        """Give the library of this process, loading it at its first use."""
        notice()
        current = self._current
        if _is_alive(current):
            return current
        with self._lock:
            if not _is_alive(self._current):
                loaded = self._load()
                # A signal handler's may be in use by now.
                if not _is_alive(self._current):
                    self._current = loaded
            return self._current

    def _load(self) -> Any:
        refuse_subinterpreters()
        path = _path()
        with _all_signals_blocked():
            if path.suffix == ".wasm":
                return _run_module(path)
            _refuse_musl()
            # A zip has no file that the system's loader could open.
            is_copied = self._inherited or not path.is_file()
            lib = self._copy(path) if is_copied else _open(path)
            _negotiate(lib, path)
        return lib

    def _copy(self, path: Path) -> ctypes.PyDLL:
        """Load the library from what its file has.

        For a path that it knows the system would hand out the library that is loaded already.
        """
        text = content(path)
        old = {lib._handle for lib in self._inherited}
        for way in (_load_from_memory, _load_from_file, _load_from_file):
            with contextlib.suppress(OSError):
                lib = way(text)
                if lib._handle not in old:
                    return lib
                self._inherited.append(lib)  # a reference too many; it must not be closed
        raise EvercredsLibraryError(
            f"the library could not be {'reloaded after a fork' if old else 'loaded from a zip'}: "
            f"neither an anonymous file nor one in {tempfile.gettempdir()} can be loaded (is it "
            "mounted noexec?)",
            code="fork" if old else "load",
        )


def _is_alive(library: Any) -> bool:
    # Of the two forms only the module can die under its process.
    return library is not None and not getattr(library, "is_dead", False)


def _path() -> Path:
    given = os.environ.get("EVERCREDS_LIBRARY")
    shared, module = in_package(f"libevercreds{_SUFFIX}"), in_package("evercreds.wasm")
    if given:
        path = Path(given)
    else:
        path = module if is_there(module) and (_is_musl() or not is_there(shared)) else shared
    if not is_there(path):
        raise EvercredsLibraryError(
            f"the library is not at {path}: install a wheel for this platform ({_platform()}), or "
            "build it and set EVERCREDS_LIBRARY to its path",
            code="missing",
        )
    return path.resolve() if path.is_file() else path


def _run_module(path: Path) -> WasmLibrary:
    if importlib.util.find_spec("wasmtime") is None:
        raise EvercredsLibraryError(
            f"there is no shared library for this platform ({_platform()}), and the WebAssembly "
            "module needs a runtime: pip install 'evercreds[wasm]'",
            code="musl" if _is_musl() else "missing",
        )
    from evercreds._library.wasm import WasmLibrary  # here: most have the shared library

    lib = WasmLibrary(path)
    _check_version(lib, path)
    return lib


def _platform() -> str:
    return f"{sysconfig.get_platform()}, {_libc()}"


def _libc() -> str:
    name, version = platform.libc_ver()
    return "musl" if _is_musl() else f"{name or 'unknown libc'} {version}".strip()


def _is_musl() -> bool:
    names = (sysconfig.get_config_var(name) for name in ("HOST_GNU_TYPE", "SOABI"))
    return any("musl" in name for name in names if name)


def _refuse_musl() -> None:
    if _is_musl():
        raise EvercredsLibraryError(
            "this Python is built for musl (Alpine), whose loader cannot load the shared library: "
            "install the wheel for any platform with a WebAssembly runtime "
            "(pip install 'evercreds[wasm]'), or use a Python built for glibc (an image such as "
            "python:3-slim)",
            code="musl",
        )


def _open(path: Path) -> ctypes.PyDLL:
    try:
        # PyDLL keeps the GIL. Calls take a microsecond and never wait; giving the GIL up in each
        # would cost a busy program up to 5 ms to get it back.
        return ctypes.PyDLL(str(path))
    except OSError as error:
        raise EvercredsLibraryError(
            f"the library at {path} cannot be loaded on this system ({_platform()}): {error}",
            code="load",
        ) from error


def _negotiate(lib: ctypes.PyDLL, path: Path) -> None:
    try:
        lib.evercreds_abi_version.restype = lib.evercreds_abi_features.restype = ctypes.c_int32
    except AttributeError as error:
        raise EvercredsLibraryError(f"{path} is not an evercreds library", code="load") from error
    _check_version(lib, path)
    abi.declare(lib)


def _check_version(lib: Any, path: Path) -> None:
    major, minor = divmod(int(lib.evercreds_abi_version()), 65536)
    features = int(lib.evercreds_abi_features())
    if major != abi.ABI_MAJOR or minor < abi.ABI_MINOR or features & _NEEDED != _NEEDED:
        raise EvercredsLibraryError(
            f"the library at {path} has ABI version {major}.{minor} and features {features}; this "
            f"package needs version {abi.ABI_MAJOR}.{abi.ABI_MINOR} or a later {abi.ABI_MAJOR}.x "
            f"and features {int(_NEEDED)}",
            code="version",
        )


@contextlib.contextmanager
def _all_signals_blocked() -> Iterator[None]:
    """Keep signals from the threads that the library starts: they inherit this mask.

    Python's own handlers must run in Python's threads; and a signal that was blocked when the
    library came would otherwise be delivered to a thread of the library, and end the process.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals() - _of_faults())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _of_faults() -> set[int]:
    """Name the signals of a thread's own faults: the system ends a process that blocks them.

    A trap in the WebAssembly module is one, of which its runtime makes an error.
    """
    return {signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSEGV, signal.SIGTRAP}


def _load_from_memory(text: bytes) -> ctypes.PyDLL:
    if not hasattr(os, "memfd_create"):
        raise OSError("no anonymous files here")
    fd = os.memfd_create(f"evercreds-{generation()}", os.MFD_CLOEXEC)
    try:
        with open(fd, "wb", closefd=False) as file:
            file.write(text)
        # The loader knows libraries by path: the number of the process makes this one new.
        return ctypes.PyDLL(f"/proc/{os.getpid()}/fd/{fd}")
    finally:
        os.close(fd)


def _load_from_file(text: bytes) -> ctypes.PyDLL:
    fd, name = tempfile.mkstemp(prefix=f"evercreds-{os.getpid()}-", suffix=_SUFFIX)
    try:
        with open(fd, "wb") as file:
            file.write(text)
        return ctypes.PyDLL(name)
    finally:
        os.unlink(name)


_loader = _Loader()


def library() -> Any:
    """Give the library of this process: a ``ctypes.PyDLL``, or a module that has its functions.

    Raises:
        EvercredsLibraryError: It is missing, of another version, or cannot be loaded here; or
            this is a subinterpreter.
    """
    return _loader.get()
