"""How many forks each kind of server goes through in a run, and how many children went on."""

from __future__ import annotations

import os
import sys

# Of servers and of C, in all. More of them: ./task test:python-proofs
FORKS = int(os.environ.get("EVERCREDS_FORKS", "24"))
_SERVERS = [
    "uwsgi", "uwsgi-threads", "gunicorn-sync", "gunicorn-gthread", "gunicorn-gevent", "celery",
    "c-shared", "c-wasm",
]  # fmt: skip
EACH = -(-FORKS // len(_SERVERS))
BUSY = max(150, FORKS // 2)
WANTED = dict.fromkeys(_SERVERS, EACH) | {"busy-parent": BUSY}
# Children of a parent whose threads are parked, which is a matter of newer Pythons.
PARKED = max(50, FORKS // 2)
if sys.version_info >= (3, 13):
    WANTED["c-parked"] = PARKED

_well: dict[str, int] = {}


def went_on(kind: str, count: int) -> None:
    """Count children that have refreshed, and ended well."""
    assert kind in WANTED
    _well[kind] = _well.get(kind, 0) + count


def line() -> str:
    """Tell the counts, where this run is for them; what is not there was not run, or failed."""
    if "EVERCREDS_FORKS" not in os.environ:
        return ""
    counts = ", ".join(f"{kind} {_well.get(kind, 0)}" for kind in WANTED)
    lost = sum(max(0, count - _well.get(kind, 0)) for kind, count in WANTED.items())
    return f"forks over a refresh: {counts}; {sum(_well.values())} in all, {lost} hung or not run\n"
