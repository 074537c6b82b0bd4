"""The library as a WebAssembly module, where no shared library can be loaded (musl, Windows)."""

from __future__ import annotations

import collections
import contextlib
import ctypes
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from evercreds._fork.children import HeldOverForks, forget_in_child
from evercreds._library import abi_generated as abi
from evercreds._library.files import content
from evercreds._library.immortal import keep_for_ever
from evercreds._waiting.locks import system_lock
from evercreds.errors import EvercredsLibraryError

__all__ = ["WasmLibrary"]

# Those of the build that fails on purpose.
_TESTS = (("test_panic", "i", "i"), ("test_fatal", "i", ""))
_SLOTS = ctypes.sizeof(ctypes.c_double) * len(abi.DECISION_SLOTS)
_LOW = 0xFFFF_FFFF


@functools.cache
def _compiled(path: Path) -> tuple[Any, Any]:
    """Compile the module: once in a process, and in the children of its forks never."""
    import wasmtime

    config = wasmtime.Config()
    # A second of compiling; later processes find the result on the disk, where that can be had.
    with contextlib.suppress(wasmtime.WasmtimeError):
        config.cache = True
    # No threads, which a fork would lose.
    config.parallel_compilation = False
    engine = wasmtime.Engine(config)
    # What lives as long as the process need not be given back; and wasmtime would do it in
    # finalizers that fail with a traceback where its modules have been cleared.
    return keep_for_ever((engine, wasmtime.Module(engine, content(path))))


@contextlib.contextmanager
def _failures_told(path: Path) -> Iterator[None]:
    """Say of which module it is that it cannot be run."""
    import wasmtime

    try:
        yield
    except (wasmtime.Trap, wasmtime.WasmtimeError, OSError, KeyError) as error:
        # The text that follows the first line quotes the file, or has addresses of its inside.
        reason = next(iter(str(error).splitlines()), "")
        raise EvercredsLibraryError(
            f"the WebAssembly module at {path} cannot be run: {type(error).__name__}: {reason}",
            code="load",
        ) from error


class WasmLibrary:
    """One instance of the module, with the functions of the shared library.

    They take and give what ``abi.declare`` declares there, and differ in nothing that a caller
    could see. After a trap the instance is dead: each call answers what the library answers for a
    handle that it has lost, so that its owner restores it in another.

    Args:
        path: The module.

    Raises:
        ImportError: wasmtime, which runs it, is not installed.
        EvercredsLibraryError: The file cannot be read, or is no module of this package's.
    """

    def __init__(self, path: Path) -> None:
        import wasmtime

        self.is_dead = False
        self._handle = id(self)  # a shared library has one from the system's loader
        # An instance has one thread at a time. That one may come back in the midst of a call: with
        # a signal handler or a finalizer.
        self._lock = system_lock()
        # Within a call the runtime takes locks of its own, in what all instances share.
        self._held = HeldOverForks(self._lock)
        self._is_busy = False
        self._freed: collections.deque[tuple[Any, int]] = collections.deque()
        self._traps = (wasmtime.Trap, wasmtime.WasmtimeError)
        with _failures_told(path):
            self._instantiate(*_compiled(path))
        forget_in_child(self)
        keep_for_ever(self)

    def after_fork(self) -> None:
        """See to it that the child's instances share nothing that may be locked for ever."""
        if not self._held.after_fork():
            _compiled.cache_clear()

    def _instantiate(self, engine: Any, module: Any) -> None:
        """Make the instance, and the functions that call it."""
        import wasmtime

        self._store = wasmtime.Store(engine)
        self._store.set_wasi(wasmtime.WasiConfig())
        linker = wasmtime.Linker(engine)
        linker.define_wasi()
        for needed in module.imports:
            if needed.module.startswith("evercreds_host"):
                linker.define_func(needed.module, needed.name, needed.type, _ignore)
        self._exports = linker.instantiate(self._store, module).exports(self._store)
        self._memory: Any = self._exports["memory"]
        self._export("_initialize")(self._store)
        self._buffer = self._export("evercreds_buffer_address")(self._store)
        self._slots = self._export("evercreds_decision_address")(self._store)
        self._places = ((self._buffer, abi.BUFFER_BYTES), (self._slots, _SLOTS))
        for name, _, parameters in (*abi.SIGNATURES, *_TESTS):
            if f"evercreds_{name}" in self._exports:
                make = self._free_function if name.endswith("_free") else self._function
                setattr(self, f"evercreds_{name}", make(name, parameters))

    def _export(self, name: str) -> Any:
        return self._exports[name]

    def __getattr__(self, name: str) -> NoReturn:
        # What the module did not bring. Without this method a type checker would know of nothing
        # that it did bring, either.
        raise AttributeError(f"the module has no {name}")

    def _function(self, name: str, parameters: str) -> Callable[..., int]:
        export = self._export(f"evercreds_{name}")

        def call(*arguments: Any) -> int:
            with self._lock:
                return self._run(lambda: self._call(export, parameters, arguments))

        return call

    def _free_function(self, name: str, _: str) -> Callable[..., int]:
        """Make a function that gives a handle back, as finalizers do.

        Those run wherever garbage happens to be collected. So it waits for nobody: where another
        thread is calling, that one's next call does the work.
        """
        export = self._export(f"evercreds_{name}")

        def free(number: int) -> int:
            self._freed.append((export, number))
            if self._has_lock():
                return 0  # the call that this comes in the midst of, or the next, sees to it
            try:
                return self._run(lambda: 0) if self._lock.acquire(blocking=False) else 0
            finally:
                # Asked again, and not remembered: an interrupt may come as it is acquired.
                if self._has_lock():
                    self._lock.release()

        return free

    def _has_lock(self) -> bool:
        # As Condition asks it.
        return bool(self._lock._is_owned())  # type: ignore[attr-defined]

    def _run(self, call: Callable[[], int]) -> int:
        """Run a call, which leaves all as it was where it comes in the midst of another's."""
        if not self._is_busy:
            self._is_busy = True
            try:
                return self._guarded(call)
            finally:
                self._is_busy = False
        kept = [(at, self._memory.read(self._store, at, at + size)) for at, size in self._places]
        try:
            return self._guarded(call)
        finally:
            for at, content in kept:
                self._memory.write(self._store, content, at)

    def _guarded(self, call: Callable[[], int]) -> int:
        """Run calls of the module: those that wait, then this one. The lock is held."""
        if self.is_dead:
            return abi.Result.ERR_POISONED
        try:
            while self._freed:
                export, number = self._freed.popleft()
                export(self._store, number)
            return call()
        except self._traps:
            self.is_dead = True
            return abi.Result.ERR_PANIC

    def _call(self, export: Any, parameters: str, given: tuple[Any, ...]) -> int:
        """Call an export, with bytes by way of the module's buffer, and what it takes by value."""
        numbers: list[float] = []
        for letter, argument in zip(parameters, given, strict=True):
            if letter == "Q":
                numbers += (_signed(argument & _LOW), _signed(argument >> 32))
            elif letter in "iqd":
                numbers.append(int(argument) if letter == "i" else float(argument))
        if "s" not in parameters and "p" not in parameters:
            return self._answer(export, numbers, parameters, given)
        dropped = 0
        if "s" in parameters:
            at = parameters.index("s")
            dropped = self._write(given[at], given[at + 1])
            numbers[parameters[:at].count("i")] -= dropped
        else:
            numbers.pop()  # the capacity: the module's buffer has its own
            self._write(given[-3], given[-2])
        try:
            result = self._answer(export, numbers, parameters, given)
        finally:
            self._wipe(given[parameters.index("s") + 1 if "s" in parameters else -2])
        return result + dropped if result >= 0 else result

    def _answer(
        self, export: Any, numbers: list[float], parameters: str, given: tuple[Any, ...]
    ) -> int:
        """Call an export, and give what it has written to who has called."""
        result = int(export(self._store, *numbers))
        if result > 0 and "p" in parameters:
            if result > given[-1]:
                return abi.Result.ERR_CAPACITY
            found = self._memory.read(self._store, self._buffer, self._buffer + result)
            ctypes.memmove(given[-3], bytes(found), result)
        if result >= 0 and parameters.endswith("o"):
            self._read_decision(given[-1]._obj)
        return result

    def _write(self, content: Any, length: int) -> int:
        """Write bytes to the module's buffer; of more than it holds, the end. Give what is left."""
        left = max(0, length - abi.BUFFER_BYTES)
        if length:
            self._memory.write(self._store, bytes(content)[left:length], self._buffer)
        return left

    def _wipe(self, length: int) -> None:
        """Leave nothing in the buffer of what a call was given: a text may hold a secret.

        So it is after a trap, too, with the memory of an instance that nothing calls any more.
        """
        if length:
            self._memory.write(self._store, bytes(min(length, abi.BUFFER_BYTES)), self._buffer)

    def _read_decision(self, out: abi.Decision) -> None:
        raw = self._memory.read(self._store, self._slots, self._slots + _SLOTS)
        values = memoryview(bytes(raw)).cast("d")
        for slot, value in zip(abi.DECISION_SLOTS, values, strict=True):
            setattr(out, slot, int(value))


def _ignore(*_: Any) -> None:
    """Do nothing: the decision says what was started and cancelled."""


def _signed(half: int) -> int:
    return half - (1 << 32) if half >> 31 else half
