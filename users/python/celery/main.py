# The children of a prefork worker refresh the session that their parent made at import.
# title: Celery, prefork
# framework: celery
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from refreshed import refreshed

with tempfile.TemporaryDirectory() as folder:
    os.environ["QUEUE"] = folder
    for each in ("queue", "control", "results"):
        Path(folder, each).mkdir()
    from tasks import buckets

    worker = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "celery",
            "--app=tasks",
            "worker",
            "--concurrency=2",
            "--pool=prefork",
        ]
    )
    try:

        def ask() -> None:
            assert buckets.delay().get(timeout=50) == 2

        # two children of the pool, of which one at least fetches again
        refreshed(ask)
    finally:
        worker.terminate()
        worker.wait(timeout=30)
