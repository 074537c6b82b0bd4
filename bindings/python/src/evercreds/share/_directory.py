"""The directory of a file store: whose it is, and how files come into it."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Callable

from evercreds._library.options import given_as
from evercreds.errors import EvercredsConfigurationError, EvercredsValidationError
from evercreds.share import _machine_facts

__all__ = ["checked_directory", "data_key", "default_directory", "read_own", "write_own"]

_LONGEST = 32768
_KEY_BYTES = 32
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


def default_directory() -> str:
    """Give the directory of who names none."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and os.path.isabs(runtime):  # another counts for nothing, says its specification
        return os.path.join(runtime, "evercreds")
    return os.path.join(os.path.expanduser("~"), ".cache", "evercreds", "share")


def checked_directory(given: object) -> str:
    """Make the directory where there is none, and check whose it is.

    Raises:
        EvercredsValidationError: It is not what it must be; ``param`` is ``"share"``.
    """
    path = _absolute(given)
    try:
        _make(path)
        found = os.lstat(path)
    except OSError as error:
        raise EvercredsConfigurationError(
            f"share: the directory of the store cannot be made or read ({error.strerror})",
            param="share",
        ) from None
    if stat.S_ISLNK(found.st_mode):
        raise _refused("must be a directory, and no symbolic link")
    if not stat.S_ISDIR(found.st_mode):
        raise _refused("must be a directory")
    if found.st_uid != os.geteuid():
        raise _refused("must be a directory of this process's user")
    if stat.S_IMODE(found.st_mode) & 0o077:
        mode = stat.S_IMODE(found.st_mode)
        raise _refused(f"must be a directory with the mode 0700, got 0{mode:o}")
    network = _machine_facts.network_filesystem(path)
    if network is not None:
        raise _refused(f"must not be on a network file system, and is on {network}")
    return path


def _absolute(given: object) -> str:
    """Read the path. Processes in other directories would not meet at one that is relative."""
    rule = "must be the absolute path of a directory"
    try:
        path: str = os.fsdecode(given)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise _refused(f"{rule}, got {given_as(given)}") from None
    if not os.path.isabs(path) or "\0" in path:
        raise _refused(f"{rule}, got another text")
    return os.path.normpath(path)


def _make(path: str) -> None:
    if os.path.lexists(path):
        return
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.mkdir(path, mode=0o700)


def _refused(rule: str) -> EvercredsValidationError:
    return EvercredsValidationError(f"share {rule}", param="share")


def read_own(path: str) -> bytes | None:
    """Read a file of this user's; ``None``: there is none, or it is not what it must be."""
    try:
        number = os.open(path, _READ)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP):  # the second: a symbolic link
            return None
        raise
    try:
        found = os.fstat(number)
        is_ours = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid()
        if not is_ours or found.st_size > _LONGEST:
            return None
        content = b""
        while len(content) <= _LONGEST and (part := os.read(number, _LONGEST + 1)):
            content += part
        return content if len(content) <= _LONGEST else None
    finally:
        os.close(number)


def write_own(path: str, content: bytes, place: Callable[[str, str], None] = os.replace) -> None:
    """Write a file whole or not at all.

    Args:
        path: Where.
        content: What.
        place: Puts the finished file into its place.
    """
    directory, name = os.path.split(path)
    fresh = os.path.join(directory, f".{name}.{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    number = os.open(fresh, flags, 0o600)
    try:
        try:
            left = memoryview(content)
            while left:
                left = left[os.write(number, left) :]
        finally:
            os.close(number)
        place(fresh, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(fresh)


def data_key(directory: str) -> bytes:
    """Give the directory's own data key, which is made where there is none.

    Raises:
        EvercredsConfigurationError: The file is not this user's, or is not what it must be.
    """
    path = os.path.join(directory, "key")
    if not os.path.lexists(path):
        with contextlib.suppress(FileExistsError):  # of two, the first one stays
            write_own(path, secrets.token_bytes(_KEY_BYTES), os.link)
    try:
        number = os.open(path, _READ)
    except OSError:
        raise _bad_key("cannot be read, or is a symbolic link") from None
    try:
        found = os.fstat(number)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            raise _bad_key("must be a file of this process's user")
        if stat.S_IMODE(found.st_mode) & 0o177:
            raise _bad_key("must have the mode 0600")
        content = os.read(number, _KEY_BYTES + 1)
    finally:
        os.close(number)
    if len(content) != _KEY_BYTES:
        raise _bad_key("must have 32 bytes")
    return content


def _bad_key(rule: str) -> EvercredsConfigurationError:
    return EvercredsConfigurationError(
        f"share: the file key in the directory of the store {rule}", param="share"
    )
