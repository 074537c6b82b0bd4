"""Marks the wheel as what it is: for any Python 3, and for one platform."""

from __future__ import annotations

import sysconfig
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PlatformWheel(BuildHookInterface[Any]):
    """Gives the wheel the tag of the platform that its library was built for."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Set the tag: the library is loaded by ctypes and binds to no CPython ABI."""
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"
