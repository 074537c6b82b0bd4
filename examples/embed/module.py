"""The WASI module under wasmtime: its exports, buffer and decisions, and its numbers' names."""

from __future__ import annotations

import functools
import re
import struct
from collections import namedtuple
from pathlib import Path
from typing import Any

import wasmtime

HEADER = (Path(__file__).parents[2] / "include" / "evercreds.h").read_text()
# The header's constants, without the prefix.
N = {
    name: int(value)
    for name, value in re.findall(r"EVERCREDS_(\w+)(?: = | INT64_C\()(-?\d+)", HEADER)
}
NEVER = N["NEVER"]
# The slots of a decision are those of the header's only struct, in its order.
SLOTS = re.findall(r"^    int64_t (\w+);", HEADER, re.M)
Decision: Any = namedtuple("Decision", SLOTS)  # type: ignore[misc]


@functools.cache
def compile_module(wasm: Path) -> tuple[wasmtime.Engine, wasmtime.Module]:
    """Compile the module, once in a process."""
    engine = wasmtime.Engine()
    return engine, wasmtime.Module.from_file(engine, str(wasm))


class Module:
    """One instance. It has one thread: the host's lock covers a call and what is read after it."""

    def __init__(self, wasm: Path) -> None:
        engine, compiled = compile_module(wasm)
        self._store = wasmtime.Store(engine)
        self._store.set_wasi(wasmtime.WasiConfig())
        linker = wasmtime.Linker(engine)
        linker.define_wasi()
        i32, f64 = wasmtime.ValType.i32(), wasmtime.ValType.f64()
        # The decision says what is started and cancelled, so these do nothing.
        begin = wasmtime.FuncType([i32, f64, i32, i32], [])
        linker.define_func("evercreds_host_v1", "refresh_begin", begin, lambda *_: None)
        cancel = wasmtime.FuncType([i32, f64], [])
        linker.define_func("evercreds_host_v1", "refresh_cancel", cancel, lambda *_: None)
        exports: Any = linker.instantiate(self._store, compiled).exports(self._store)
        exports["_initialize"](self._store)
        self._memory: Any = exports["memory"]
        self._calls: dict[str, tuple[Any, list[bool]]] = {}
        for name, item in exports.items():
            if name.startswith("evercreds_"):
                floats = [kind == f64 for kind in item.type(self._store).params]
                self._calls[name.removeprefix("evercreds_")] = (item, floats)
        self._buffer, self._decision = self.call("buffer_address"), self.call("decision_address")
        version = self.call("abi_version")
        if version >> 16 != N["ABI_MAJOR"]:
            raise RuntimeError(
                f"the module has ABI {version >> 16}.{version & 0xFFFF}, not {N['ABI_MAJOR']}.x"
            )

    def call(self, name: str, *args: float) -> int:
        """Make one call; a 64-bit number is given as two, the low half first."""
        function, floats = self._calls[name]
        given = [
            float(a) if is_f64 else signed(int(a)) for a, is_f64 in zip(args, floats, strict=True)
        ]
        return int(function(self._store, *given))

    def decision(self) -> Any:
        """Return the last decision."""
        size = len(Decision._fields)
        raw = self._memory.read(self._store, self._decision, self._decision + 8 * size)
        return Decision(*map(int, struct.unpack(f"<{size}d", raw)))

    def write(self, data: bytes) -> int:
        """Put bytes into the buffer, and return their number."""
        self._memory.write(self._store, data, self._buffer)
        return len(data)

    def read(self, size: int) -> bytes:
        """Return the first bytes of the buffer."""
        return bytes(self._memory.read(self._store, self._buffer, self._buffer + size))


def signed(number: int) -> int:
    """Return the number whose 32 bits are these, as wasmtime wants it."""
    return (number & 0xFFFFFFFF) - (1 << 32) if number & 0x80000000 else number & 0xFFFFFFFF


def halves(number: int) -> tuple[int, int]:
    """Cut a fingerprint or a seed in two, the low half first."""
    return number & 0xFFFFFFFF, number >> 32
