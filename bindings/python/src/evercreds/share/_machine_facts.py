"""What the file store asks the system: the boot, the time since then, and kinds of file systems."""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import os
import sys
import time

__all__ = ["boot_id", "network_filesystem", "now_ms"]

_BOOT_ID = "/proc/sys/kernel/random/boot_id"
_ROOM = 1024  # more than any struct statfs takes
_DARWIN_NAME = slice(72, 88)  # f_fstypename of struct statfs with 64-bit inodes
# By f_type of statfs(2), in Linux.
_NETWORK = {
    0x6969: "NFS",
    0x517B: "SMB",
    0xFE534D42: "SMB",
    0xFF534D42: "CIFS",
    0x65735546: "FUSE",
    0x01021997: "9p",
    0x5346414F: "AFS",
    0x6B414653: "AFS",
    0x00C36400: "Ceph",
    0x0BD00BD0: "Lustre",
    0x47504653: "GPFS",
}
_NETWORK_NAMES = ("nfs", "smbfs", "cifs", "afpfs", "webdav", "fuse", "macfuse", "osxfuse")


@functools.cache
def boot_id() -> str:
    """Name the boot of this machine; ``""`` where the system does not tell."""
    if sys.platform == "darwin":
        room = ctypes.create_string_buffer(64)
        size = ctypes.c_size_t(len(room))
        if _libc().sysctlbyname(b"kern.bootsessionuuid", room, ctypes.byref(size), None, 0):
            return ""
        return room.value.decode("ascii", "replace")
    try:
        with open(_BOOT_ID, encoding="ascii") as file:
            return file.read().strip()
    except (OSError, ValueError):
        return ""


def now_ms() -> int:
    """Tell the time since the machine was booted, time asleep included."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC if clock is None else clock) // 1_000_000


def network_filesystem(path: str) -> str | None:
    """Name the network file system that a directory is on; ``None``: it is on none.

    A lock there may hold on one machine only.
    """
    room = ctypes.create_string_buffer(_ROOM)
    if sys.platform == "darwin":
        # The plain name is that of the old struct on Intel.
        lib = _libc()
        statfs = getattr(lib, "statfs$INODE64", None) or lib.statfs
        if statfs(os.fsencode(path), room):
            return None
        name = room.raw[_DARWIN_NAME].split(b"\0")[0].decode("ascii", "replace").lower()
        return name if name.startswith(_NETWORK_NAMES) else None
    if _libc().statfs(os.fsencode(path), room):
        return None
    # A long on most machines; its lower half is enough anywhere.
    width = ctypes.sizeof(ctypes.c_long)
    kind = int.from_bytes(room.raw[:width], sys.byteorder) & 0xFFFFFFFF
    return _NETWORK.get(kind)


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)
