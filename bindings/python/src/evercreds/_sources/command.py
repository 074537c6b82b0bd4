"""Runs a command for what it prints, of which the end is kept."""

from __future__ import annotations

import codecs
import contextlib
import subprocess
import threading
from collections.abc import Callable
from typing import Any

from evercreds._host.marks import cancelled
from evercreds._library import abi_generated as abi
from evercreds._waiting.bell import Bell
from evercreds._waiting.starting import begin

__all__ = ["run"]

_CHUNK_BYTES = 64 << 10
# A grandchild may hold the output open after the command has ended.
_LINGER_S = 1.0
_LOOK_EVERY_S = 1.0  # whether it runs still


class _Tail:
    """The end of what was printed: as much as the rule for codes can look through."""

    def __init__(self) -> None:
        self.text = b""
        self.is_cut = False

    def fill(self, output: Any) -> None:
        """Read to the end of the output."""
        with contextlib.suppress(OSError, ValueError), output:
            while part := output.read(_CHUNK_BYTES):
                text = self.text + part
                self.is_cut = self.is_cut or len(text) > abi.BUFFER_BYTES
                self.text = text[-abi.BUFFER_BYTES :]


def run(
    command: list[str],
    *,
    input: str | None = None,
    timeout: float | None = None,
    encoding: str | None = None,
    errors: str = "replace",
    **options: Any,
) -> tuple[bytes, bool]:
    """Run a command to its end, with the options of ``subprocess.run``.

    ``subprocess.run`` itself keeps all that is printed, however much that is. A command that an
    attempt waits for is killed where that is told to end: its session was closed, or waits no more.

    Returns:
        The end of its output, and whether there was more.

    Raises:
        subprocess.TimeoutExpired: It took longer than ``timeout`` seconds.
        subprocess.CalledProcessError: It ended with another status than 0.
        Exception: Whatever options raise that no command can have.
    """
    for name in ("text", "universal_newlines", "check", "bufsize"):
        options.pop(name, None)
    limit_s = None if timeout is None else float(timeout)
    codecs.lookup_error(errors)
    given = b"" if input is None else input.encode(encoding or "utf-8", errors)
    if input is not None:
        options["stdin"] = subprocess.PIPE
    process = subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0, **options)
    tail = _Tail()
    try:
        reader = _start(lambda: tail.fill(process.stdout))
        if input is not None:
            _start(lambda: _write(process.stdin, given))
        bell = cancelled()
        if bell is not None and reader is not None:  # else there are no threads any more
            _start(lambda: _kill_when(bell, process))
        status = process.wait(limit_s)
    except BaseException:
        process.kill()
        process.wait()
        raise
    if reader is not None:
        reader.join(_LINGER_S)
    if status != 0:
        raise subprocess.CalledProcessError(status, [])
    text = tail.text
    if encoding is not None:
        text = text.decode(encoding, errors).encode("ascii", "replace")
    return text, tail.is_cut


def _start(work: Callable[[], None]) -> threading.Thread | None:
    """Do it in a thread; at the end of the interpreter, when there are none, here."""
    thread = threading.Thread(target=work, name="evercreds-command", daemon=True)
    try:
        begin(thread)
    except RuntimeError:
        work()
        return None
    return thread


def _kill_when(bell: Bell, process: subprocess.Popen[Any]) -> None:
    while process.poll() is None:
        bell.wait(lambda: _LOOK_EVERY_S if process.poll() is None else 0)
        if bell.has_rung:
            process.kill()
            return


def _write(stdin: Any, text: bytes) -> None:
    with contextlib.suppress(OSError, ValueError), stdin:
        stdin.write(text)
