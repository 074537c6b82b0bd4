"""Children of a fork that do one piece of work, and tell the parent why they failed.

Tests use it, and the programs beside it.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from typing import IO

#: How long a child may take. It only ends those that hang: machines are busy.
LONGEST_S = 90

waitpid = os.waitpid  # some tests replace it
#: What each child has written, by its pid.
_said: dict[int, IO[bytes]] = {}


def in_child(
    work: Callable[[], object],
    seconds: float = LONGEST_S,
    fork: Callable[[], int] = os.fork,
    *,
    has_watchdog: bool = True,
) -> int:
    """Start a child that does this work, or fails, or ends itself after its time; give its pid.

    Without a watchdog the parent ends it, see ``fault_of``: a child that Python was not told of
    cannot rely on a thread of its own.
    """
    said = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - fault_of closes it
    pid = fork()
    if pid:
        _said[pid] = said
        return pid
    status = 1
    try:
        # Crashes tell where, and so does SIGABRT.
        faulthandler.enable(said)
        if has_watchdog:
            _watch(said, seconds)
        work()
        status = 0
    except BaseException:
        said.write(traceback.format_exc().encode())
        faulthandler.dump_traceback(said, all_threads=True)  # what a time-out has waited for
    finally:
        os._exit(status)


def _watch(said: IO[bytes], seconds: float) -> None:
    """Have a child that hangs say where, and end.

    What hangs may have blocked all signals, or may hold the interpreter's lock, which the
    watchdog's thread needs: so there are both. (faulthandler's own watchdog cannot begin anew in a
    child of a process that has it.)
    """

    def end() -> None:
        faulthandler.dump_traceback(said, all_threads=True)
        os._exit(1)

    faulthandler.register(signal.SIGALRM, file=said, chain=True)
    signal.setitimer(signal.ITIMER_REAL, seconds + 2)
    watchdog = threading.Timer(seconds, end)
    watchdog.daemon = True
    watchdog.start()


def fault_of(pid: int, longest_s: float | None = None) -> str:
    """Wait for a child, and tell how it failed; "" where it has ended well.

    Args:
        pid: The child's.
        longest_s: After so many seconds it is ended, and says where it was. ``None``: it has its
            own watchdog.
    """
    status = waitpid(pid, 0)[1] if longest_s is None else _ended_within(pid, longest_s)
    text = _text_of(pid)
    code = os.waitstatus_to_exitcode(status)
    if code == 0:
        return ""
    how = f"exited with {code}" if code > 0 else f"was ended by {signal.Signals(-code).name}"
    return f"child {pid} {how}, and said: {text or 'nothing'}"


def _text_of(pid: int) -> str:
    said = _said.pop(pid, None)
    if said is None:  # a test has forked it by itself
        return ""
    with said:
        said.seek(0)
        return said.read().decode(errors="replace")


def _ended_within(pid: int, seconds: float) -> int:
    for last in (signal.SIGABRT, signal.SIGKILL):  # at the first it says where it is
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            ended, status = waitpid(pid, os.WNOHANG)
            if ended:
                return status
            time.sleep(0.005)
        os.kill(pid, last)
    return waitpid(pid, 0)[1]
