"""Threads that are parked in CPython's parking lot, and a fork in C that Python is not told of.

With a session none of them is left in the child, of its own or of the program's. Its arguments:
how many forks, and how long each child may take.
"""

from __future__ import annotations

import ctypes
import os
import queue
import sys
import threading
import time

from forked import fault_of, in_child

from evercreds import RefreshableSession

FORKS, LONGEST_S = int(sys.argv[1]), float(sys.argv[2])
IDLE = 32
lot = ctypes.pythonapi
byte, free = ctypes.c_uint8(), ctypes.c_uint8()
#: What unparks a thread gives what it was parked with, or nothing where no thread is found.
unparked = ctypes.PYFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)


def park() -> None:
    """Wait as a lock does, at an address that is known."""
    where, expected = ctypes.byref(byte), ctypes.byref(free)
    lot._PyParkingLot_Park(where, expected, ctypes.c_size_t(1), ctypes.c_int64(-1), 7, 1)


def parked_here() -> int | None:
    """Take a thread that is parked there out, and give what it was parked with."""
    found: list[int | None] = []
    call = unparked(lambda _, given, __: found.append(given))
    lot._PyParkingLot_Unpark(ctypes.byref(byte), call, None)
    return found[0]


def fetch() -> dict[str, str]:
    expiry = "2999-01-01T00:00:00Z"
    return {"access_key": "a", "secret_key": "b", "token": "c", "expiry_time": expiry}


def use_threads() -> None:
    """Have threads wait in the child, at many addresses and on the stacks of the parent's."""
    for _ in range(10):
        inboxes: list[queue.SimpleQueue[int]] = [queue.SimpleQueue() for _ in range(IDLE)]
        threads = [threading.Thread(target=inbox.get, daemon=True) for inbox in inboxes]
        for thread in threads:
            thread.start()
        for inbox in inboxes:
            inbox.put(1)
        for thread in threads:
            thread.join()


def work() -> None:
    assert parked_here() is None, "a thread of the parent's is still parked"
    session.refresh()
    use_threads()


def ended_well() -> bool:
    fork = ctypes.PyDLL(None).fork
    fault = fault_of(in_child(work, fork=fork, has_watchdog=False), LONGEST_S)
    print(fault, file=sys.stderr, end="")
    return not fault


# Eager: its timer's thread waits, and so does the one that has fetched.
session = RefreshableSession(
    method="custom", custom_credentials_method=fetch, region_name="us-east-1", defer_refresh=False
)
threading.Thread(target=park, daemon=True).start()
for _ in range(IDLE):
    threading.Thread(target=queue.SimpleQueue[int]().get, daemon=True).start()
    threading.Thread(target=threading.Event().wait, daemon=True).start()
time.sleep(0.5)  # until all wait: a thread that waits for the interpreter's lock is another matter
well = sum(ended_well() for _ in range(FORKS))
assert parked_here() == 7, "nobody was parked, or the parent's own threads are forgotten"
print(f"{FORKS} forks, {well} well", flush=True)
os._exit(well != FORKS)
