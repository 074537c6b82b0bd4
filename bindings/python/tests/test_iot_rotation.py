"""Certificate and key that are replaced, one after the other, while refreshes go on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import SessionMaker, StandIn

pytestmark = pytest.mark.once

REFRESHES = int(os.environ.get("EVERCREDS_ROTATIONS", "60"))  # ./task test:python-devices has more

# As tools do: some write into the files, some put others in their place.
ROTATE = """
import itertools, os, sys, time
from pathlib import Path
*pairs, certificate, key = map(Path, sys.argv[1:])
texts = [path.read_bytes() for path in pairs]
print("begun", flush=True)
for turn in itertools.count():
    first = 2 * (turn % 2)
    for path, text in zip((certificate, key), texts[first : first + 2]):
        if turn % 4 < 2:
            path.write_bytes(text)
        else:
            path.with_suffix(".new").write_bytes(text)
            os.replace(path.with_suffix(".new"), path)
        time.sleep(0.002)
    time.sleep(0.01)
"""


# files are replaced without a pause; caller A asks again and again; source answers each time
def test_no_refresh_fails_while_files_are_replaced(
    iot_session: SessionMaker, stand_in: StandIn, tmp_path: Path
) -> None:
    names = ("certificate", "private_key", "rsa_certificate", "rsa_private_key")
    pairs = [stand_in.introduction[name] for name in names]
    paths = [tmp_path / "certificate.pem", tmp_path / "key.pem"]
    for path, given in zip(paths, pairs[:2], strict=True):
        path.write_bytes(Path(given).read_bytes())
    session = iot_session(certificate=str(paths[0]), private_key=str(paths[1]), timeout=60)
    rotating = subprocess.Popen(
        [sys.executable, "-c", ROTATE, *pairs, *map(str, paths)], stdout=subprocess.PIPE
    )
    try:
        assert rotating.stdout is not None
        rotating.stdout.readline()
        failed = []
        for _ in range(REFRESHES):
            try:
                session.refresh()
            except Exception as error:
                failed.append(repr(error))
        assert rotating.poll() is None
    finally:
        rotating.kill()
        rotating.wait()
        rotating.stdout.close()
    assert not failed, f"{len(failed)} of {REFRESHES}: {failed[:3]}"
    assert stand_in.alias_calls()["successes"] == REFRESHES
