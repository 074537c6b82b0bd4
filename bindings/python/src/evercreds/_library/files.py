"""The library's file, which may be in a zip that the package is imported from."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

__all__ = ["content", "in_package", "is_there"]

_NATIVE = "_native"


def in_package(name: str) -> Path:
    """Say where the package has a file of the library, or would have it."""
    return Path(__file__).parent.parent / _NATIVE / name


def is_there(path: Path) -> bool:
    """Say whether there is such a file, in the file system or in the package's zip."""
    return path.is_file() or _is_zipped(path)


def content(path: Path) -> bytes:
    """Read the file.

    Raises:
        OSError: It cannot be read.
    """
    if path.is_file() or not _is_zipped(path):
        return path.read_bytes()
    return files("evercreds").joinpath(_NATIVE, path.name).read_bytes()


def _is_zipped(path: Path) -> bool:
    is_ours = path == in_package(path.name)
    return is_ours and files("evercreds").joinpath(_NATIVE, path.name).is_file()
