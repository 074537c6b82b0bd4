"""AWS X-Ray, whose segments belong to threads, and a thread that has none."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["untraced"]


def untraced(run: Callable[[], None]) -> None:
    """Run this in a thread of ours, where X-Ray, if the program has it, finds a segment to ignore.

    X-Ray keeps the segment of a request in the request's thread. In ours it would miss it at each
    call of AWS, and log an error or raise one. The caller's segment may have ended by then, so
    what happens here is not traced (``refresh_in="caller"`` is for who wants it to be).
    """
    core: Any = sys.modules.get("aws_xray_sdk.core")
    recorder = getattr(core, "xray_recorder", None)
    if recorder is None:
        run()
        return
    with contextlib.suppress(Exception):  # the recorder is the program's, and may be any
        entities: Any = sys.modules["aws_xray_sdk.core.models.dummy_entities"]
        recorder.set_trace_entity(entities.DummySegment())
    try:
        run()
    finally:
        with contextlib.suppress(Exception):
            recorder.clear_trace_entities()
