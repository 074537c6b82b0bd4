"""A web application whose session is made, and shared, before the fork."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

from refreshing import make_session

from evercreds.share import FileStore

FileStore.call_ms = 10_000  # a machine under load is no fault
session = make_session(share=os.environ["SHARE"])


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with this process's credentials, and who it is to the others."""
    answer = {
        "pid": os.getpid(),
        "key": session.credentials["access_key"],
        "owner": session._host.loop.sharing._group._owner,
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]
