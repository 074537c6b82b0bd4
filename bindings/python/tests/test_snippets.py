"""The programs that the pages show: each runs as it stands, on the stand-in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT, StandIn

FOLDER = ROOT / "docs" / "snippets" / "python"

# What these import is not in every environment; tests/aio runs them.
OTHERS = {"aiobotocore_client"}

# Those that pytest finds by itself are tests of their own (users/python/testing-page).
SNIPPETS = sorted(
    path.stem
    for path in FOLDER.glob("*.py")
    if not path.stem.startswith("test_") and path.stem not in OTHERS
)

# In the place of a key that shows codes: six digits, others each time.
YKMAN = """\
#!/bin/sh
exec {python} -c 'import time; print("%06d" % (time.time_ns() // 1000 % 10**6))'
"""

# Each program has a process of its own, forked from one that has imported what takes long.
RUN_ALL = """\
import os, runpy, sys, traceback
import boto3, evercreds

failed = []
for path in sys.argv[1:]:
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        with open("input", "w") as file:
            file.write("123456\\n")  # for who asks a person
        sys.stdin = open("input")
        status = 1
        try:
            runpy.run_path(path, run_name="__main__")
            status = 0
        except SystemExit as end:
            status = end.code or 0
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        os._exit(status)
    if os.waitpid(pid, 0)[1] != 0:
        failed.append(os.path.basename(path))
if failed:
    sys.exit(f"failed: {failed}")
"""


def run_snippets(names: list[str], stand_in: StandIn, directory: Path) -> None:
    """Run some of them where a reader's files and programs are."""
    for file, shown in (("certificate", "certificate.pem.crt"), ("private_key", "private.pem.key")):
        shutil.copy(stand_in.introduction[file], directory / shown)
    ykman = directory / "bin" / "ykman"
    ykman.parent.mkdir()
    ykman.write_text(YKMAN.format(python=f'"{sys.executable}"'))
    ykman.chmod(0o755)
    kept = ("LD_LIBRARY_PATH", "EVERCREDS_LIBRARY")
    environment = {each: os.environ[each] for each in kept if each in os.environ} | {
        "PATH": f"{ykman.parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(directory),
        "AWS_ENDPOINT_URL": stand_in.endpoint,
        "AWS_DEFAULT_REGION": stand_in.region,
        "AWS_ACCESS_KEY_ID": stand_in.access_key_id,
        "AWS_SECRET_ACCESS_KEY": stand_in.secret_access_key,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    paths = [str(FOLDER / f"{name}.py") for name in names]
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", RUN_ALL, *paths],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=540,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert not done.stderr, done.stderr


@pytest.mark.once
def test_the_programs_of_the_pages_run(stand_in: StandIn, tmp_path: Path) -> None:
    assert len(SNIPPETS) > 10
    run_snippets(SNIPPETS, stand_in, tmp_path)


def test_one_that_fails_is_named(
    stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wrong.py").write_text("import evercreds\nevercreds.no_such_name\n")
    monkeypatch.setattr("test_snippets.FOLDER", tmp_path)
    with pytest.raises(AssertionError, match=r"(?s)no_such_name.*failed: \['wrong.py'\]"):
        run_snippets(["wrong"], stand_in, tmp_path)
