"""What gunicorn loads before it forks, for the check ``fork``: its workers share with each other,
and with the process that has loaded it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from evercreds import RefreshableSession

there = {"endpoint_url": os.environ["ENDPOINT"]}
session = RefreshableSession(
    assume_role_kwargs={"RoleArn": os.environ["ROLE"], "RoleSessionName": "forked"},
    sts_client_kwargs=there,
    advisory_timeout=10,
    mandatory_timeout=5,
    share=os.environ["STORE"],
    share_turn=2,
    share_wait=4,
)
session.refresh()  # the parent has had a turn


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    session.client("sts", **there).get_caller_identity()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{os.getpid()} {session._host.loop.sharing._group._owner}\n".encode()]
