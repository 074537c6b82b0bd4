"""Runs programs as processes of their own: bounded in time, and ended by their process id."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from conftest import StandIn

PROGRAMS = Path(__file__).parent / "processes"
# Of the sets that these programs use. With the interpreter's own checks (-X dev) it may take a few
# seconds until a worker that has just started has read its first reply.
LIFETIME_S = 10 if sys.flags.dev_mode else 3
# How long a program may take to end. It only ends tests that fail: machines are busy.
ENDS_S = 120


def addresses(stand_in: StandIn, role: str) -> dict[str, str]:
    """What a program needs to know of the stand-in, for its environment."""
    return {
        "AWS_ACCESS_KEY_ID": stand_in.access_key_id,
        "AWS_SECRET_ACCESS_KEY": stand_in.secret_access_key,
        "STAND_IN": stand_in.endpoint,
        "ROLE": role,
    }


def run(
    source: str,
    *arguments: str,
    flags: Sequence[str] = (),
    seconds: float = 180,
    **environment: str,
) -> subprocess.CompletedProcess[str]:
    """Run this text as a program, to its end."""
    return subprocess.run(
        [sys.executable, *flags, "-c", source, *arguments],
        cwd=PROGRAMS,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


@contextlib.contextmanager
def started(
    command: Sequence[str],
    *,
    program: str = sys.executable,
    end: signal.Signals = signal.SIGTERM,
    **more: Any,
) -> Iterator[subprocess.Popen[str]]:
    """Start a program, and end it, with all that it has started, whatever happens."""
    environment = os.environ | {"PYTHONFAULTHANDLER": "1"} | more.pop("environment", {})
    process = subprocess.Popen(
        [program, *command],
        cwd=PROGRAMS,
        env=environment,
        text=True,
        start_new_session=True,
        **more,
    )
    try:
        yield process
        if process.poll() is None:
            process.send_signal(end)
            _await_end(process, more.get("stdout"))
    finally:
        # The group is this process's own; it is there for as long as one of its members is.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def _await_end(process: subprocess.Popen[str], output: Any) -> None:
    """Wait until a program that was told to end has; show where its threads are if it does not."""
    try:
        process.wait(ENDS_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGABRT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)  # until Python has written its threads' frames
        said = Path(output.name).read_text() if hasattr(output, "name") else ""
        raise AssertionError(f"it did not end within {ENDS_S} s\n{said}") from None
