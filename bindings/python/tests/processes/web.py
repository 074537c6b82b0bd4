"""A web application whose session is made at import: before the fork, with gunicorn's --preload."""

from __future__ import annotations

import os

if os.environ.get("GEVENT"):
    # As programs do that load their application before the fork: ssl must not be there yet.
    from gevent import monkey

    monkey.patch_all()

import json
from collections.abc import Callable, Iterable
from typing import Any

from refreshing import keep_busy, make_session, over_a_refresh, sign

session = make_session()
if os.environ.get("BUSY") or os.environ.get("USED"):
    sign(session)
if os.environ.get("BUSY"):
    keep_busy(session)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer /N with what came of the Nth piece of work, and anything else with the process id."""
    path = environ["PATH_INFO"].strip("/")
    answer = over_a_refresh(session, int(path)) if path else {"pid": os.getpid()}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]
