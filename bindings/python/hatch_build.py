"""Puts the shared library into the wheel, and marks the wheel as what it is.

The library is ``src/evercreds/_native/libevercreds.*``, as ``./task build:native`` leaves it, or
the file that ``EVERCREDS_WHEEL_LIBRARY`` names: one that was built for older systems, or for
another processor, or the WebAssembly module, which is for any. The wheel's tag is read off that
file, but on macOS, where it is that of the Python that builds it. ``sbom.cdx.json`` beside this
file goes into the wheel too: ``./task package`` writes it into the copy that it builds from.
"""

from __future__ import annotations

import os
import re
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_SUFFIX = ".dylib" if sys.platform == "darwin" else ".so"
_SBOM = "sbom.cdx.json"
# e_machine of the ELF header.
_MACHINES = {62: "x86_64", 183: "aarch64"}


class PlatformWheel(BuildHookInterface[Any]):
    """Adds the library and the tag of the platform that it was built for."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Set the tag: the library is loaded by ctypes and binds to no CPython ABI."""
        if self.target_name == "sdist":
            raise NotImplementedError(
                "there is no sdist of evercreds: its library is built from Go sources outside of "
                "this folder. Build a wheel (./task python:wheel), or install that for any system"
            )
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{_escaped(sysconfig.get_platform())}"
        if version == "editable":
            return  # there the library is found where it was built
        own = Path(self.root) / "src" / "evercreds" / "_native" / f"libevercreds{_SUFFIX}"
        library = Path(os.environ.get("EVERCREDS_WHEEL_LIBRARY") or own)
        if (Path(self.root) / _SBOM).is_file():
            build_data["sbom_files"].append(_SBOM)
        if not library.is_file():
            raise FileNotFoundError(
                f"{library} is not there: build the library first (./task build:native in the "
                "project's root), or name one in EVERCREDS_WHEEL_LIBRARY"
            )
        if library.suffix == ".wasm":
            build_data["force_include"][str(library)] = "evercreds/_native/evercreds.wasm"
            build_data["tag"] = "py3-none-any"
            return
        content = library.read_bytes()
        build_data["force_include"][str(library)] = f"evercreds/_native/libevercreds{_SUFFIX}"
        if content.startswith(b"\x7fELF"):
            build_data["tag"] = f"py3-none-{_manylinux(content)}"


def _escaped(platform: str) -> str:
    return re.sub("[-.]", "_", platform)


def _manylinux(elf: bytes) -> str:
    """Name the oldest glibc that has all the symbols that the library asks for.

    The tags are those of PEP 600. None is older than 2.17: no Python 3.10 runs there.
    """
    machine = _MACHINES[int.from_bytes(elf[18:20], "little")]
    asked = (int(minor) for minor in re.findall(rb"\0GLIBC_2\.(\d+)", elf))
    return f"manylinux_2_{max(17, *asked)}_{machine}"
