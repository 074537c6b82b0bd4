"""Interrupts at every place at which CPython heeds signals."""

from __future__ import annotations

import dis
import functools
import opcode
import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

__all__ = ["Strike", "Struck"]


class Struck(BaseException):
    """What comes out of a signal handler, as KeyboardInterrupt does."""


_kept: list[Any] = []


class Strike:
    """Raises once, at the Nth place from now on, from 0, at which this thread heeds signals.

    Those are the beginning of a function, each jump back in a loop, and the end of a call, where it
    is still the call that fails: also in the functions of the standard library that a call goes
    through. (CPython's ``bytecodes.c``: CHECK_EVAL_BREAKER.)

    Args:
        at: Which place.
        among: Tells whether a frame's places count. Default: all do.
    """

    def __init__(self, at: int, among: Callable[[FrameType], bool] = lambda _: True) -> None:
        self._left = at
        self._among = among
        self._calls: dict[FrameType, int] = {}  # the last instruction, where it is a call
        self.place: tuple[str, str] | None = None
        """The file and the function where it has struck; ``None`` where it has not."""
        self._tracers = self._profile, self._enter, self._go_on
        # CPython 3.11 gives up a reference too many to a trace function that raises.
        _kept.extend(self._tracers * 8)

    def __enter__(self) -> Strike:
        sys.setprofile(self._tracers[0])
        sys.settrace(self._tracers[1])
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)
        sys.setprofile(None)
        self._calls.clear()

    def _counts(self, frame: FrameType) -> bool:
        return frame.f_code not in _OWN and self._among(frame)

    def _profile(self, frame: FrameType, event: str, argument: Any) -> None:
        """Heed signals where a function that is written in C has been called."""
        if event == "c_return" and self._counts(frame):
            self._calls.pop(frame, None)
            self._heed(frame)

    def _enter(self, frame: FrameType, event: str, argument: Any) -> Any:
        if not self._counts(frame):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        self._heed(frame)
        return self._tracers[2]

    def _go_on(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "opcode":
            call, at = self._calls.pop(frame, None), frame.f_lasti
            name = opcode.opname[frame.f_code.co_code[at]]
            if name.startswith("CALL"):
                self._calls[frame] = at
            # One comes after the call, here. Where that is in another try, it is not the same.
            is_after_call = call is not None and _handler(frame, call) == _handler(frame, at)
            if name.startswith("JUMP_BACKWARD") or is_after_call:
                self._heed(frame)
        elif event == "return":
            self._calls.pop(frame, None)
        return self._tracers[2]

    def _heed(self, frame: FrameType) -> None:
        if self.place is not None:
            return
        self._left -= 1
        if self._left < 0:
            code = frame.f_code
            self.place = code.co_filename.replace("\\", "/").rpartition("/")[2], code.co_name
            raise Struck


_OWN = {Strike.__enter__.__code__, Strike.__exit__.__code__}


@functools.cache
def _handlers(code: CodeType) -> list[tuple[int, int, int]]:
    entries = dis._parse_exception_table(code)  # type: ignore[attr-defined]
    return [(entry.start, entry.end, entry.target) for entry in entries]


def _handler(frame: FrameType, at: int) -> int | None:
    """Tell where an exception that is raised by this instruction is handled."""
    handlers = _handlers(frame.f_code)
    return next((target for start, end, target in handlers if start <= at < end), None)
