"""A session used in the processes of multiprocessing and of concurrent.futures.

Its arguments are how processes are started, and where their session comes from.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from refreshing import make_session, sign

TASKS = 12
WORKERS = 3

# Made in this process; again in one that is spawned, which imports this file anew; and in the
# server of forkserver where that imports it too.
session = make_session() if "module" in sys.argv else None


def make_own() -> None:
    """Make a session for this process, as an initializer of its pool."""
    global session
    session = make_session()


def work(_: int) -> tuple[int, bool]:
    """Make signed calls before and after a refresh."""
    before = sign(session)
    session.refresh()
    time.sleep(0.02)  # so that no worker does all of it
    return os.getpid(), sign(session) != before


def work_with(given: Any) -> None:
    """Do the same with a session that was passed."""
    sign(given)
    given.refresh()
    sign(given)


def main(how: str, where: str) -> None:
    """Do the tasks in a Pool, and in an executor; or pass a session to a process."""
    context = multiprocessing.get_context(how)
    if how == "forkserver" and where == "module":
        context.set_forkserver_preload(["__main__"])
    if where == "argument":
        given = make_session()
        sign(given)
        process = context.Process(target=work_with, args=[given])
        process.start()
        process.join(60)
        with ProcessPoolExecutor(1, mp_context=context) as executor:
            executor.submit(work_with, given).result(60)
        print(process.exitcode, "well")
        return
    if how == "fork" and where == "module":
        sign(session)
    initializer = make_own if where == "initializer" else None
    with context.Pool(WORKERS, initializer) as pool:
        done = pool.map_async(work, range(TASKS), chunksize=1).get(90)
        pool.close()
        pool.join()
    with ProcessPoolExecutor(WORKERS, mp_context=context, initializer=initializer) as executor:
        done += executor.map(work, range(TASKS), timeout=90)
    assert len(done) == 2 * TASKS
    assert all(changed for _, changed in done)
    pids = {pid for pid, _ in done}
    assert len(pids) > 2
    assert os.getpid() not in pids
    print("well")


if __name__ == "__main__":
    main(*sys.argv[1:])
